import { statfs } from 'node:fs/promises';

/** Returns the free bytes on the disk of a folder; undefined if the system does not say. */
export async function freeSpace(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize, blocks } = await statfs(folder);
    return blocks > 0 ? bavail * bsize : undefined; // file systems of unknown size report no blocks
  } catch {
    return undefined;
  }
}
