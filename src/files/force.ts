import { open } from 'node:fs/promises';
import { platform } from 'node:process';

const onWindows = platform === 'win32';

/**
 * Forces the bytes of a file to disk, so that they survive a power cut.
 * @throws the file system's error
 */
export async function forceFile(path: string): Promise<void> {
  await force(path, onWindows ? 'r+' : 'r'); // reading suffices elsewhere, also of a file that may not be written
}

/**
 * Forces the entries of a folder to disk, so that files made or renamed in it survive a power cut.
 * @throws the file system's error
 */
export async function forceFolder(folder: string): Promise<void> {
  if (!onWindows) await force(folder, 'r'); // a folder cannot be opened there
}

async function force(path: string, mode: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, mode);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
