import { open } from 'node:fs/promises';
import { writeFully } from './pending-file.js';

/**
 * Writes a whole file, overwriting one left by an earlier attempt, and syncs its bytes to disk. Its name reaches the disk only
 * once its folder is synced too.
 * @throws the file system's error
 */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await writeFully(handle, bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
