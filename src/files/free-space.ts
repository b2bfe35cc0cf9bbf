import { statfs } from 'node:fs/promises';

/** Bytes that may still be written where a folder is; undefined where the system does not tell. */
export async function freeSpace(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize, blocks } = await statfs(folder);
    return blocks > 0 ? bavail * bsize : undefined; // file systems that know no size have no blocks
  } catch {
    return undefined;
  }
}
