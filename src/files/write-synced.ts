import { open } from 'node:fs/promises';
import { writeFully } from './pending-file.js';

/**
 * Writes a file as a whole, in place of one that an earlier try may have left, and forces its bytes to disk. Its name is on
 * disk once its folder is synced, too.
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
