import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, type symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { HubError } from '../errors.js';
import { forceFile } from '../files/force.js';

/** The paths of one model repository in the Hugging Face cache. All are absolute. */
export interface RepoCache {
  readonly refs: string; // refs/<revision> holds the commit that a branch or tag pointed to
  readonly blobs: string; // blobs/<etag> holds file contents
  readonly snapshots: string; // snapshots/<commit>/<file> is a relative symlink to a blob
  readonly locks: string; // outside the repository's folder, as in huggingface_hub
}

/** What the cache holds of the requested files; `paths` has an entry for each cached file. */
export interface CachedSnapshot {
  readonly commit: string | undefined; // undefined: the revision was never resolved here
  readonly paths: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

const COMMIT_HASH = /^[0-9a-f]{40}$/;

/**
 * Returns the layout of a repository's cache folder.
 *
 * Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 * @throws HubError if `repo` is not `name` or `owner/name`
 */
export function repoCache(cacheDir: string, repo: string): RepoCache {
  if (!/^\w[\w.-]*(\/\w[\w.-]*)?$/.test(repo) || repo.includes('--') || repo.includes('..')) {
    throw new HubError(`not a hub repository: ${JSON.stringify(repo)}; expected owner/name`, {
      hint: 'An example is timm/halonet50ts.a1h_in1k.',
    });
  }
  const folder = `models--${repo.replace('/', '--')}`;
  const root = join(cacheDir, folder);
  return {
    refs: join(root, 'refs'),
    blobs: join(root, 'blobs'),
    snapshots: join(root, 'snapshots'),
    locks: join(cacheDir, '.locks', folder),
  };
}

/** Looks up `files` at `revision` (a branch, tag or commit hash). Writes nothing and makes no requests. */
export async function findSnapshot(
  cache: RepoCache,
  revision: string,
  files: readonly string[],
): Promise<CachedSnapshot> {
  const commit = COMMIT_HASH.test(revision) ? revision : await readRef(cache, revision);
  const paths: Record<string, string> = {};
  if (commit !== undefined) {
    for (const file of files) {
      const path = snapshotPath(cache, commit, file);
      if (await isFile(path)) paths[file] = path;
    }
  }
  return { commit, paths, missing: files.filter((file) => !Object.hasOwn(paths, file)) };
}

/** Returns `snapshots/<commit>/<file>`. @throws HubError if either would leave the snapshot's folder. */
export function snapshotPath(cache: RepoCache, commit: string, file: string): string {
  return join(cache.snapshots, blobName(commit), ...safeSegments(file));
}

/** Returns an etag or commit as a file name. @throws HubError if it cannot be one. */
export function blobName(etag: string): string {
  if (/^\w[\w.-]{0,199}$/.test(etag)) return etag;
  throw new HubError(`the hub named a file version ${JSON.stringify(etag)}, which cannot be a file name`, {
    hint: 'Check HF_ENDPOINT: the server does not answer as the Hugging Face hub does.',
  });
}

/** Atomically records the commit that a branch or tag points to; does nothing if `revision` is the commit. */
export async function writeRef(cache: RepoCache, revision: string, commit: string): Promise<void> {
  if (revision === commit || (await readRef(cache, revision)) === commit) return;
  const path = join(cache.refs, ...safeSegments(revision));
  const temporary = `${path}.${randomUUID()}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(temporary, commit);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Makes `pointer` (a path in snapshots/) show the content of `blob`, as a relative symlink, so that the cache can
 * be moved. If symlinks fail or are disabled (`link` undefined), it moves a new blob there and copies an old one,
 * which another snapshot may need. Replaces a dangling link. Call it while holding the blob's lock.
 */
export async function linkBlob(
  blob: string,
  pointer: string,
  options: { readonly isNew: boolean; readonly link?: typeof symlink | undefined },
): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  await rm(pointer, { force: true });
  if (options.link !== undefined) {
    try {
      await options.link(relative(dirname(pointer), blob), pointer);
      return;
    } catch (error) {
      if (!isLinkRefusal(error)) throw error;
    }
  }
  if (options.isNew) {
    await rename(blob, pointer);
    return;
  }
  const temporary = `${pointer}.${randomUUID()}.tmp`;
  try {
    await copyFile(blob, temporary);
    await forceFile(temporary); // before it gets the name under which it is trusted
    await rename(temporary, pointer);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Whether `path` leads to a regular file, through links or not. */
export async function isFile(path: string): Promise<boolean> {
  return (await fileSize(path)) !== undefined;
}

/** Returns the size in bytes of the regular file at `path`, or undefined if there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

async function readRef(cache: RepoCache, revision: string): Promise<string | undefined> {
  try {
    return (await readFile(join(cache.refs, ...safeSegments(revision)), 'utf8')).trim() || undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function safeSegments(path: string): readonly string[] {
  const segments = path.split('/');
  // A backslash or colon is harmless on Linux but can leave the folder on Windows.
  const unsafe = (segment: string) => ['', '.', '..'].includes(segment) || /[\\:\p{Cc}]/u.test(segment);
  if (!segments.some(unsafe)) return segments;
  throw new HubError(`not a path inside a hub repository: ${JSON.stringify(path)}`, {
    hint: 'Pass a relative path with forward slashes and without .. segments.',
  });
}

function isAbsence(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(error.code))
  );
}

function isLinkRefusal(error: unknown): boolean {
  const refusals = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'UNKNOWN'];
  return error instanceof Error && 'code' in error && refusals.includes(String(error.code));
}
