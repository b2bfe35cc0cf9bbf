import { open } from 'node:fs/promises';
import { writeFully } from './pending-file.js';
import { attempt } from './write-error.js';

/**
 * Writes a file as a whole, in place of one that an earlier try may have left, and forces its bytes to disk. Its name is on
 * disk once its folder is synced, too.
 * @param output what it is written for, in messages
 * @throws {OutputError}
 */
export function writeSynced(output: string, path: string, bytes: Uint8Array): Promise<void> {
  return attempt(output, async () => {
    const handle = await open(path, 'w');
    try {
      await writeFully(handle, bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}
