import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { forceFolder } from '../files/force.js';
import { TransientFailure } from '../http/transient-failure.js';
import type { Lock } from '../lock/lock.js';
import { fileSize } from './cache.js';
import type { HubConnection } from './connection.js';
import { contentFailure, type HubFile } from './failures.js';
import type { FileMetadata } from './metadata.js';
import { type HubResponse, hubRequest } from './request.js';
import { withHubRetries } from './retries.js';

/** A blob to download from the hub into the cache. Use it while holding the blob's lock. */
export interface BlobDownload {
  readonly file: HubFile; // its url contains the commit, so the content cannot change between attempts
  readonly metadata: FileMetadata;
  readonly blob: string; // the path of the verified file
  readonly partial: string; // the path that collects bytes; kept if the transfer is interrupted
  readonly lock: Lock;
  readonly connection: HubConnection;
  readonly onBytes: (received: number) => void; // bytes of the file on disk; decreases if a transfer restarts
}

/** Bytes that cannot belong to the file. They are deleted, never resumed. */
interface WrongContent {
  readonly expected: string;
  readonly received: string;
}

/**
 * Downloads a file, resuming what an earlier attempt left in `partial`, and moves it to `blob` once size and hash
 * are correct. Holds only one chunk in memory.
 *
 * @throws HubError if the content is wrong twice; TransientFailure if the attempts are used up; LockLost; the file
 *   system's errors; `signal.reason` when aborted
 */
export async function downloadBlob(download: BlobDownload): Promise<void> {
  let wrong: WrongContent | undefined;
  for (let tries = 0; tries < 2; tries++) {
    let reached = 0;
    const attempt = () =>
      transfer(download, (received) => {
        reached = received;
        download.onBytes(received);
      });
    wrong = await withHubRetries(download.file, download.connection, attempt, { progress: () => reached });
    // A process that lost the lock must neither publish nor delete what now belongs to another.
    await download.lock.confirm(0);
    if (wrong === undefined) {
      await rename(download.partial, download.blob);
      await forceFolder(dirname(download.blob));
      return;
    }
    await rm(download.partial, { force: true });
  }
  if (wrong !== undefined) throw contentFailure(download.file, wrong.expected, wrong.received);
}

/** Makes one attempt: checks the existing bytes, fetches the rest, syncs. Resolves to the mismatch in the result, if any. */
async function transfer(
  download: BlobDownload,
  onBytes: (received: number) => void,
): Promise<WrongContent | undefined> {
  const { metadata, partial, lock } = download;
  await lock.confirm();
  let left = (await fileSize(partial)) ?? 0;
  if (left > metadata.size) {
    await rm(partial);
    left = 0;
  }
  // Not 'a': every write names its position. Not 'w': existing bytes are resumed.
  const handle = await open(partial, constants.O_RDWR | constants.O_CREAT);
  try {
    const digest = await digestOf(partial, left, metadata);
    onBytes(digest.bytes);
    if (digest.bytes < metadata.size) await receive(download, handle, digest, onBytes);
    await handle.sync();
    return digest.verdict();
  } finally {
    await handle.close();
  }
}

/** Appends the bytes after `digest.bytes` to the file and the digest. */
async function receive(
  download: BlobDownload,
  handle: FileHandle,
  digest: ContentDigest,
  onBytes: (received: number) => void,
): Promise<void> {
  const { connection, file, lock, metadata } = download;
  const offset = digest.bytes;
  const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await hubRequest(file, connection, { method: 'GET', redirects: 'all', headers });
  try {
    await lock.confirm();
    if (!continuesAt(response, offset)) {
      await handle.truncate(0);
      digest.restart();
      onBytes(0);
      if (response.status !== 200) {
        throw new TransientFailure(`no continuation at byte ${offset} (HTTP ${response.status})`);
      }
    }
    for await (const bytes of response.chunks()) {
      connection.signal?.throwIfAborted();
      await lock.confirm();
      const position = digest.bytes;
      digest.add(bytes);
      if (digest.bytes > metadata.size) return; // the verdict reports it
      await writeAll(handle, bytes, position);
      onBytes(digest.bytes);
    }
  } finally {
    await response.discard();
  }
  if (digest.bytes < metadata.size) {
    throw new TransientFailure(`the transfer ended after ${digest.bytes} of ${metadata.size} bytes`);
  }
}

function continuesAt(response: HubResponse, offset: number): boolean {
  if (response.status === 200) return offset === 0;
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return response.status === 206 && start !== undefined && Number(start) === offset;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.length - written;
    written += (await handle.write(bytes, written, rest, position + written)).bytesWritten;
  }
}

interface ContentDigest {
  readonly bytes: number; // so far
  add(bytes: Uint8Array): void;
  restart(): void;
  verdict(): WrongContent | undefined;
}

/** Computes the digest of the first `left` bytes of `partial`. Call `verdict` once, at the end. */
async function digestOf(partial: string, left: number, metadata: FileMetadata): Promise<ContentDigest> {
  let hash = newHash(metadata);
  let bytes = 0;
  const digest: ContentDigest = {
    get bytes() {
      return bytes;
    },
    add(more) {
      hash?.update(more);
      bytes += more.length;
    },
    restart() {
      hash = newHash(metadata);
      bytes = 0;
    },
    verdict() {
      if (bytes !== metadata.size) {
        return { expected: `${metadata.size} bytes`, received: `${bytes} bytes or more` };
      }
      const received = hash?.digest('hex') ?? metadata.etag;
      if (received === metadata.etag) return undefined;
      const name = metadata.etag.length === 64 ? 'SHA-256' : 'git blob SHA-1';
      return { expected: `${name} ${metadata.etag}`, received };
    },
  };
  if (left > 0) {
    for await (const chunk of createReadStream(partial, { end: left - 1 })) digest.add(chunk); // `end` is inclusive
  }
  return digest;
}

// Servers other than the hub may send etags that are not hashes: then only the size can be checked.
function newHash({ etag, size }: FileMetadata): Hash | undefined {
  if (/^[0-9a-f]{64}$/.test(etag)) return createHash('sha256');
  // https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
  if (/^[0-9a-f]{40}$/.test(etag)) return createHash('sha1').update(`blob ${size}\0`);
  return undefined;
}
