import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { forceFolder } from './force.js';
import { PendingFile, writeFully } from './pending-file.js';
import { findPlace } from './place.js';
import { attempt } from './write-error.js';

/** Where bytes go, one `write` at a time, then exactly one of `commit` or `abort`. */
export interface ByteChannel {
  readonly live: boolean; // a reader may see bytes before `commit`
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface ChannelOptions {
  readonly output: string; // a path, or '-' for `stdout`
  readonly overwrite: boolean;
  readonly stdout: Writable; // never ended here
}

/** @throws {OutputError} as `findPlace`, or if the file cannot be opened */
export async function openByteChannel({ output, overwrite, stdout }: ChannelOptions): Promise<ByteChannel> {
  const place = await findPlace(output, overwrite);
  if (place.kind === 'stdout') return streamChannel(stdout);
  if (place.kind === 'device') return deviceChannel(output, place.path);
  return fileChannel(await PendingFile.create(place.path), overwrite);
}

const guarded = new WeakSet<Writable>();

/**
 * Adds an `error` listener. A failed write is reported to its callback and again as an `error` event, which ends the process
 * if there is no listener. The listener stays, because the event may come after the channel is done.
 */
function guard(stream: Writable): void {
  if (guarded.has(stream)) return;
  guarded.add(stream);
  stream.on('error', () => {});
}

function streamChannel(stream: Writable): ByteChannel {
  guard(stream);
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  return {
    live: true,
    write: (bytes) => attempt('standard output', () => write(bytes)),
    commit: async () => {},
    abort: async () => {},
  };
}

async function deviceChannel(output: string, path: string): Promise<ByteChannel> {
  // Appending preserves the contents of a shell's `3>>file`; nothing is created.
  const handle = await attempt(output, () => open(path, constants.O_WRONLY | constants.O_APPEND));
  return {
    live: true,
    write: (bytes) => attempt(output, () => writeFully(handle, bytes)),
    commit: () => attempt(output, () => handle.close()),
    abort: () => attempt(output, () => handle.close()),
  };
}

function fileChannel(file: PendingFile, overwrite: boolean): ByteChannel {
  return {
    live: false,
    write: (bytes) => file.write(bytes),
    commit: async () => {
      await file.seal();
      await file.publish(overwrite);
      await attempt(file.target, () => forceFolder(dirname(file.target)));
    },
    abort: () => file.discard(),
  };
}
