import { dirname } from 'node:path';
import { bytesText } from '../bytes-text.js';
import { HubError } from '../errors.js';
import { freeSpace } from '../files/free-space.js';
import { systemReason } from '../system-reason.js';
import { fileSize } from './cache.js';
import { type BlobDownload, downloadBlob } from './download.js';
import { isFull, noRoomHint } from './failures.js';

/**
 * Downloads as {@link downloadBlob} does, if the cache's disk has room for the missing bytes.
 * @throws HubError if there is too little room, at the start or midway; otherwise as downloadBlob
 */
export async function downloadWithinRoom(download: BlobDownload, cacheDir: string): Promise<void> {
  const { needed, free } = await roomFor(download);
  if (free !== undefined && needed > free) throw noRoom(download, cacheDir, { needed, free });
  try {
    await downloadBlob(download);
  } catch (error) {
    throw isFull(error) ? noRoom(download, cacheDir, await roomFor(download), error) : error;
  }
}

interface Room {
  readonly needed: number; // bytes still missing
  readonly free: number | undefined; // bytes; undefined if the system does not report them
}

async function roomFor({ metadata, partial }: BlobDownload): Promise<Room> {
  const needed = metadata.size - ((await fileSize(partial)) ?? 0);
  return { needed, free: await freeSpace(dirname(partial)) };
}

/** @param cause the file system's error, if space ran out during the transfer */
function noRoom({ file }: BlobDownload, cacheDir: string, { needed, free }: Room, cause?: Error): HubError {
  const room = free === undefined ? '' : `, and ${bytesText(free)} are free`;
  const said = cause === undefined ? '' : ` (${systemReason(cause)})`;
  return new HubError(
    `no room in the Hugging Face cache ${cacheDir}: ${file.file} of ${file.repo} needs another ${bytesText(needed)}${room}${said}`,
    {
      cause,
      hint: noRoomHint(cause !== undefined),
    },
  );
}
