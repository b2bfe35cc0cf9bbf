import { open } from 'node:fs/promises';
import { platform } from 'node:process';

const onWindows = platform === 'win32';

/**
 * Syncs the bytes of a file to disk, where they survive a power cut.
 * @throws the file system's error
 */
export async function forceFile(path: string): Promise<void> {
  await force(path, onWindows ? 'r+' : 'r'); // elsewhere, read access suffices, which read-only files allow
}

/**
 * Syncs the entries of a folder to disk, so files created or renamed in it survive a power cut.
 * @throws the file system's error
 */
export async function forceFolder(folder: string): Promise<void> {
  if (!onWindows) await force(folder, 'r'); // Windows cannot open folders
}

async function force(path: string, mode: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, mode);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
