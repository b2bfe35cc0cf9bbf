import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import PQueue from 'p-queue';
import type { ImageFailure } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { ShortageError } from '../shortage.js';
import { byteLimit } from './byte-limit.js';
import type { DecodedImage } from './decode.js';
import type { Preprocessing } from './geometry.js';
import type { MemoryLimits } from './memory-limits.js';
import { afterRunning, whileRunning } from './running-time.js';

/** What the decoding process is asked for. */
export interface ProcessRequest {
  readonly from: BytesFrom;
  readonly preprocessing: Preprocessing;
}

/** Where it has the bytes of an image from: a file that it opens itself, or the process that asks. */
export type BytesFrom =
  | { readonly file: string }
  | { readonly bytes: Uint8Array; readonly identity: FileIdentity };

/** What it says: that it is there, then for each image what file it has opened, and what became of it or what the process lacks. */
export type ProcessReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'opened'; readonly file: FileIdentity }
  | { readonly kind: 'done'; readonly image: DecodedImage }
  | { readonly kind: 'short'; readonly message: string; readonly hint: string | undefined };

const START_MS = 60_000; // it takes a fifth of a second, on a machine that has nothing else to do
const WATCH_MS = 100;

/** What one image may take. */
export interface ImageLimits {
  readonly seconds: number; // from when it is its turn
  readonly memory: MemoryLimits; // watched on Linux alone
}

/** Does some work while nothing is decoded but in it. */
export type Alone = <T>(work: () => Promise<T>) => Promise<T>;

/** What became of an image in the process. */
interface Attempt {
  readonly image: DecodedImage;
  readonly killed: boolean; // the process, by somebody else
}

/**
 * Decodes images in a process of its own, one at a time: it is ended where an image takes too long or too much memory, and where
 * a decoder crashes nothing else ends. It starts with the first image, and anew after one that ended it.
 *
 * Where memory runs out, Linux kills it, which is no fault of its image as long as others are decoded beside it: that image is
 * decoded once more, alone.
 */
export class IsolatedDecoder {
  readonly #preprocessing: Preprocessing;
  readonly #limits: ImageLimits;
  readonly #alone: Alone;
  readonly #queue = new PQueue({ concurrency: 1 });
  #child: ChildProcess | undefined;
  #closed = false;

  /** @param alone does some work while nothing is decoded elsewhere */
  constructor(preprocessing: Preprocessing, limits: ImageLimits, alone: Alone) {
    this.#preprocessing = preprocessing;
    this.#limits = limits;
    this.#alone = alone;
  }

  /**
   * An image, or why there is none: `timeout`, `crashed`, or what `decodeImage` says.
   *
   * @throws ShortageError where the process cannot be started, or lacks what every image needs
   */
  decode(item: FoundItem): Promise<DecodedImage> {
    return this.#queue.add(async () => {
      const image = await this.#decodeNext(item);
      const child = this.#child;
      if (child !== undefined && residentBytes(child) > this.#limits.memory.idle) await this.#end(child);
      return image;
    });
  }

  async #decodeNext(item: FoundItem): Promise<DecodedImage> {
    const { seconds } = this.#limits;
    let from: BytesFrom | undefined;
    try {
      from = await whileRunning(seconds * 1000, bytesFrom(item, byteLimit(this.#preprocessing)));
    } catch (error) {
      if (error instanceof ImageRefusal) return failed(error.failure, await item.identify());
      throw error;
    }
    if (from === undefined) return failed(timedOut(seconds));
    const attempt = () => this.#attempt(from);
    const alone = () => this.#alone(attempt); // memory may be short
    // A process that ended while it had nothing to do, or before it began, did not end by this image.
    const first = (await attempt()) ?? (await attempt()) ?? (await alone());
    const last = first?.killed ? await alone() : first;
    if (last === undefined) throw notStarted();
    if (!last.killed) return last.image;
    return failed(crashed('SIGKILL, twice, the second time with nothing beside it'), last.image.file);
  }

  /** Ends the process. Images that are not decoded by then have crashed. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#child !== undefined) await this.#end(this.#child);
  }

  async #end(child: ChildProcess): Promise<void> {
    child.ref();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** @returns undefined when the process ended before it began */
  async #attempt(from: BytesFrom): Promise<Attempt | undefined> {
    if (this.#closed) return { image: failed(crashed('stopped')), killed: false };
    this.#child ??= await this.#start();
    const child = this.#child;
    if (child === undefined) return undefined;
    const { seconds, memory } = this.#limits;
    return new Promise((resolve, reject) => {
      let file: FileIdentity | undefined;
      let cause: ImageFailure | undefined; // for which the process is ended
      const end = (failure: ImageFailure) => {
        cause ??= failure;
        child.kill('SIGKILL');
      };
      const endTime = afterRunning(seconds * 1000, () => end(timedOut(seconds)));
      const look = () => residentBytes(child) > memory.decoding && end(tooLarge(memory));
      const watch = setInterval(look, WATCH_MS);
      const stop = () => {
        endTime();
        clearInterval(watch);
        child.off('message', onMessage).off('exit', onExit);
      };
      const settle = (image: DecodedImage | undefined, killed = false) => {
        stop();
        resolve(image && { image, killed });
      };
      const onMessage = (reply: ProcessReply) => {
        if (reply.kind === 'opened') file = reply.file;
        if (reply.kind === 'done') settle(reply.image);
        if (reply.kind !== 'short') return;
        stop();
        reject(new ShortageError(reply.message, { hint: reply.hint }));
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
        const killed = cause === undefined && signal === 'SIGKILL' && !this.#closed;
        if (cause === undefined && file !== undefined) cause = crashed(signal ?? `exit code ${code}`);
        settle(cause && failed(cause, file), killed);
      };
      child.on('message', onMessage).on('exit', onExit);
      child.send({ from, preprocessing: this.#preprocessing } satisfies ProcessRequest, () => {}); // if not, it has ended
    });
  }

  /** @returns undefined when the process does not start */
  async #start(): Promise<ChildProcess | undefined> {
    const child = fork(new URL('./decode-process.js', import.meta.url), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true, // Ctrl-C is for the process that started it
    });
    child.on('error', () => {}); // it did not start, or has ended, which is seen
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    const ready = await new Promise<boolean>((resolve) => {
      const endTime = afterRunning(START_MS, () => resolve(false));
      const settle = (isReady: boolean) => () => {
        endTime();
        resolve(isReady);
      };
      child.once('message', settle(true)).once('exit', settle(false)).once('error', settle(false));
    });
    if (!ready || this.#closed) child.kill('SIGKILL');
    if (!ready) return undefined;
    // What waits for an image has a timer that holds the process of the run.
    child.unref();
    child.channel?.unref();
    return child;
  }
}

async function bytesFrom(item: FoundItem, limit: number): Promise<BytesFrom> {
  if (item.file !== undefined) return { file: item.file };
  const { identity, read } = await item.open();
  return { bytes: await read(limit), identity };
}

export function timedOut(seconds: number): ImageFailure {
  return { code: 'timeout', message: `not decoded within ${seconds} s` };
}

function crashed(how: string): ImageFailure {
  return { code: 'crashed', message: `the decoder crashed (${how})` };
}

function notStarted(): ShortageError {
  return new ShortageError('the process that decodes some images apart cannot be started', {
    hint: 'Free some memory, or raise the limits of open files (ulimit -n) and processes (ulimit -u).',
  });
}

function tooLarge({ decoding }: MemoryLimits): ImageFailure {
  const mebibytes = Math.round(decoding / 2 ** 20);
  return { code: 'too_large', message: `its decoder takes more memory than the limit of ${mebibytes} MiB` };
}

function failed(failure: ImageFailure, file?: FileIdentity): DecodedImage {
  return { status: 'failed', failure, file };
}

/** Memory of a process: 0 where the system does not say, as all but Linux. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    const [, kibibytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return 1024 * Number(kibibytes ?? 0);
  } catch {
    return 0;
  }
}
