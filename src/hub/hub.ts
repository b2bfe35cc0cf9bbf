// src/hub/: the Hugging Face hub and its cache

import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HalonetError, HubError } from '../errors.js';
import { TRANSFER_TIMING, type TransferTiming } from '../http/timing.js';
import { TransientFailure } from '../http/transient-failure.js';
import { openTransport } from '../http/transport.js';
import { acquireLock, LOCK_TIMING, LockLost, type LockTiming } from '../lock/lock.js';
import {
  fileSize,
  findSnapshot,
  isFile,
  linkBlob,
  type RepoCache,
  repoCache,
  snapshotPath,
  writeRef,
} from './cache.js';
import type { HubConnection } from './connection.js';
import { cacheFailure, type HubFile, networkFailure, offlineFailure } from './failures.js';
import { type FileMetadata, fileMetadata } from './metadata.js';
import { downloadWithinRoom } from './room.js';
import type { HubSettings } from './settings.js';

/** Files of one repository at one revision. */
export interface HubRequest {
  readonly repo: string; // owner/name
  readonly files: readonly string[]; // forward slashes
  readonly revision?: string; // branch, tag or commit hash; default main
}

/** The progress of one file's download. `received` decreases if a transfer has to restart. */
export interface HubProgress {
  readonly file: string;
  readonly received: number; // bytes on disk, including those of earlier runs
  readonly total: number; // bytes
}

export interface FetchOptions {
  readonly onProgress?: ((progress: HubProgress) => void) | undefined; // called for every chunk
  readonly onNote?: ((note: string) => void) | undefined; // one line for the user: why nothing happens for a while
  readonly signal?: AbortSignal | undefined;
  readonly timing?: Partial<TransferTiming & LockTiming>;
}

/** The state that one call passes through its steps. */
interface Fetch {
  readonly request: Required<HubRequest>;
  readonly settings: HubSettings;
  readonly cache: RepoCache;
  readonly connection: HubConnection;
  readonly lockTiming: LockTiming;
  readonly onProgress: (progress: HubProgress) => void;
}

/**
 * Finds files of a hub repository in the Hugging Face cache, downloads the missing ones, and returns their local
 * paths by file name. If the cache has the revision and every file, it makes no requests and writes nothing. All
 * files come from one commit. Interrupted downloads are kept and resumed. Several processes may request the same
 * files at once; only one of them downloads.
 *
 * The layout is huggingface_hub's (https://huggingface.co/docs/huggingface_hub/guides/manage-cache), except for
 * `blobs/<etag>.halonet.incomplete` during a download.
 * @throws HubError, or `signal.reason` when aborted
 */
export async function fetchFromHub(
  request: HubRequest,
  settings: HubSettings,
  options: FetchOptions = {},
): Promise<Readonly<Record<string, string>>> {
  options.signal?.throwIfAborted();
  const revision = request.revision ?? 'main';
  const cache = repoCache(settings.cacheDir, request.repo);
  try {
    for (const file of request.files) snapshotPath(cache, 'commit', file); // throws before anything is written
    const cached = await findSnapshot(cache, revision, request.files);
    if (cached.missing.length === 0 && cached.commit !== undefined) return cached.paths;
    if (settings.offline) throw offlineFailure(request.repo, revision, cached.missing, settings.cacheDir);
    return await connectAndDownload({ ...request, revision }, settings, cache, options);
  } catch (error) {
    if (isFileSystemError(error) && !options.signal?.aborted) throw cacheFailure(error, settings.cacheDir);
    throw error;
  }
}

/**
 * Returns the local paths of a repository's files, by name, if the cache has all of them; undefined otherwise.
 * Makes no requests and writes nothing.
 *
 * @throws HubError if the cache cannot be read
 */
export async function findInCache(
  { repo, files, revision = 'main' }: HubRequest,
  settings: HubSettings,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { missing, paths } = await findSnapshot(repoCache(settings.cacheDir, repo), revision, files);
    return missing.length === 0 ? paths : undefined;
  } catch (error) {
    if (isFileSystemError(error)) throw cacheFailure(error, settings.cacheDir);
    throw error;
  }
}

async function connectAndDownload(
  request: Required<HubRequest>,
  settings: HubSettings,
  cache: RepoCache,
  { signal, onProgress = () => {}, onNote = () => {}, timing }: FetchOptions,
): Promise<Readonly<Record<string, string>>> {
  const { endpoint, token, proxies } = settings;
  const transport = await openTransport(proxies).catch(asHubError);
  const transferTiming = { ...TRANSFER_TIMING, ...timing };
  const connection = { endpoint, token, proxies, transport, timing: transferTiming, onNote, signal };
  try {
    const lockTiming = { ...LOCK_TIMING, ...timing };
    return await download({ request, settings, cache, connection, lockTiming, onProgress });
  } finally {
    await transport.close();
  }
}

async function download(fetch: Fetch): Promise<Readonly<Record<string, string>>> {
  const { request, cache } = fetch;
  const paths: Record<string, string> = {};
  let commit: string | undefined;
  for (const name of request.files) {
    const asked = hubFile(fetch, name, commit ?? request.revision);
    try {
      const metadata = await fileMetadata(asked, fetch.connection);
      commit ??= metadata.commit;
      paths[name] = await obtain(fetch, hubFile(fetch, name, commit), { ...metadata, commit });
    } catch (error) {
      if (error instanceof TransientFailure) throw networkFailure(error, asked, fetch.settings);
      throw error;
    }
  }
  // Last, so that every recorded revision has all its files.
  if (commit !== undefined) await writeRef(cache, request.revision, commit);
  return paths;
}

/** Places one file in its snapshot and returns its path there. */
async function obtain(fetch: Fetch, file: HubFile, metadata: FileMetadata): Promise<string> {
  const { cache, connection, lockTiming } = fetch;
  const pointer = snapshotPath(cache, metadata.commit, file.file);
  if (await isFile(pointer)) return pointer;
  const report = (received: number) => fetch.onProgress({ file: file.file, received, total: metadata.size });
  const blob = join(cache.blobs, metadata.etag);
  const partial = `${blob}.halonet.incomplete`;
  const link = fetch.settings.symlinks ? symlink : undefined;
  await mkdir(cache.blobs, { recursive: true });
  await mkdir(cache.locks, { recursive: true });
  for (;;) {
    const lock = await acquireLock(join(cache.locks, `${metadata.etag}.halonet.lock`), {
      timing: lockTiming,
      signal: connection.signal,
      onWait: async () => report((await fileSize(partial)) ?? 0),
    });
    try {
      if (await isFile(pointer)) {
        report(metadata.size); // another process downloaded it while holding the lock
        return pointer;
      }
      const isNew = (await fileSize(blob)) !== metadata.size;
      const transfer = { file, metadata, blob, partial, lock, connection, onBytes: report };
      if (isNew) await downloadWithinRoom(transfer, fetch.settings.cacheDir);
      await linkBlob(blob, pointer, { isNew, link });
      return pointer;
    } catch (error) {
      if (!(error instanceof LockLost)) throw error;
    } finally {
      await lock.release();
    }
  }
}

function hubFile({ request, settings }: Fetch, file: string, revision: string): HubFile {
  const path = file.split('/').map(encodeURIComponent).join('/');
  const url = `${settings.endpoint}/${request.repo}/resolve/${encodeURIComponent(revision)}/${path}`;
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new HubError(`HF_ENDPOINT is not an http address: ${JSON.stringify(settings.endpoint)}`, {
      hint: 'Unset it, or set it to an address like https://huggingface.co.',
    });
  }
  if (new URL(url).username !== '' || new URL(url).password !== '') {
    throw new HubError('HF_ENDPOINT holds a user name or password, which are not sent', {
      hint: 'Leave them out; a token of the hub goes into HF_TOKEN.',
    });
  }
  return { repo: request.repo, file, revision, url };
}

function isFileSystemError(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof HalonetError) && 'syscall' in error && 'code' in error;
}

function asHubError(error: unknown): never {
  if (!(error instanceof HalonetError)) throw error;
  throw new HubError(error.message, { hint: error.hint, cause: error });
}
