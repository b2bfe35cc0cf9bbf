import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A model repository in the hub's cache. */
export interface CachedRepo {
  readonly repo: string; // owner/name
  readonly bytes: number; // of its files, each counted once
}

const PREFIX = 'models--';

/** Lists the model repositories in a cache folder, by name; none if the folder does not exist. */
export async function cachedRepos(cacheDir: string): Promise<readonly CachedRepo[]> {
  const folders = (await readdir(cacheDir).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  return Promise.all(
    folders.sort().map(async (folder) => ({
      repo: folder.slice(PREFIX.length).replace('--', '/'),
      bytes: await bytesOf(join(cacheDir, folder)),
    })),
  );
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue; // snapshots/ holds links to the blobs
    const stats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += stats?.size ?? 0;
  }
  return bytes;
}
