import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import PQueue from 'p-queue';
import type { Crop } from '../crop.js';
import type { ImageFailure } from '../errors.js';
import type { FactName, Facts } from '../facts.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { ShortageError } from '../shortage.js';
import { byteLimit } from './byte-limit.js';
import { type DecodedImage, withFacts } from './decode.js';
import type { Preprocessing } from './geometry.js';
import { ImageFacts } from './image-facts.js';
import type { MemoryLimits } from './memory-limits.js';
import { setRunningTimeout, withRunningTimeout } from './running-time.js';

/** A request to the decoding process. */
export interface ProcessRequest {
  readonly from: BytesSource;
  readonly crop: Crop | undefined;
  readonly preprocessing: Preprocessing;
  readonly facts: readonly FactName[]; // to find out
}

/** Where the process gets the bytes of an image: from a file that it opens itself, or from the parent process. */
export type BytesSource =
  | { readonly file: string }
  | { readonly bytes: Uint8Array; readonly identity: FileIdentity };

/** A reply: first that the process is ready, then for each image the file it opened, the facts it found, and the result or what the process lacks. */
export type ProcessReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'opened'; readonly file: FileIdentity }
  | { readonly kind: 'found'; readonly facts: Facts } // all so far
  | { readonly kind: 'done'; readonly image: DecodedImage }
  | { readonly kind: 'short'; readonly message: string; readonly hint: string | undefined };

const START_MS = 60_000; // it takes 0.2 s on an idle machine
const WATCH_MS = 100;

/** The limits for one image. */
export interface ImageLimits {
  readonly seconds: number; // from when its turn comes
  readonly memory: MemoryLimits; // enforced on Linux only
}

/** Runs work while nothing else is being decoded. */
export type RunAlone = <T>(work: () => Promise<T>) => Promise<T>;

/** The result of one attempt to decode an image in the process. */
interface Attempt {
  readonly image: DecodedImage;
  readonly killed: boolean; // whether someone else killed the process
}

/**
 * Decodes images in a separate process, one at a time. The process is killed if an image takes too long or too much memory, and a
 * crashing decoder ends nothing else. It starts with the first image, and again after an image that ended it.
 *
 * When memory runs out, Linux kills the process. Images decoded in parallel may be the cause, so the image is then decoded once
 * more, alone.
 */
export class IsolatedDecoder {
  readonly #preprocessing: Preprocessing;
  readonly #limits: ImageLimits;
  readonly #alone: RunAlone;
  readonly #facts: readonly FactName[];
  readonly #queue = new PQueue({ concurrency: 1 });
  #child: ChildProcess | undefined;
  #closed = false;

  /**
   * @param alone runs work while nothing is decoded elsewhere
   * @param facts to find out about each image
   */
  constructor(
    preprocessing: Preprocessing,
    limits: ImageLimits,
    alone: RunAlone,
    facts: readonly FactName[],
  ) {
    this.#preprocessing = preprocessing;
    this.#limits = limits;
    this.#alone = alone;
    this.#facts = facts;
  }

  /**
   * Returns an image, or why there is none: `timeout`, `crashed`, or a failure of `decodeImage`.
   *
   * @throws ShortageError when the process cannot be started, or lacks what every image needs
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
    let from: BytesSource | undefined;
    await item.reach?.(); // again: others were read while this one waited
    try {
      from = await withRunningTimeout(seconds * 1000, bytesFrom(item, byteLimit(this.#preprocessing)));
    } catch (error) {
      if (error instanceof ImageRefusal) return this.#refused(error, item);
      throw error;
    }
    if (from === undefined) return failed(timedOut(seconds));
    const attempt = () => this.#attempt(from, item.crop);
    const alone = () => this.#alone(attempt); // memory may be short
    // If the process ended while idle or before it began, this image is not the cause.
    const first = (await attempt()) ?? (await attempt()) ?? (await alone());
    const last = first?.killed ? await alone() : first;
    if (last === undefined) throw notStarted();
    if (!last.killed) return last.image;
    return failed(
      crashed('SIGKILL, twice, the second time with nothing beside it'),
      last.image.file,
      last.image.facts,
    );
  }

  async #refused({ failure, known }: ImageRefusal, item: FoundItem): Promise<DecodedImage> {
    const image = failed(failure, await item.identify());
    if (this.#facts.length === 0) return image;
    const facts = new ImageFacts(this.#facts);
    facts.learn(known);
    return withFacts(image, facts);
  }

  /** Ends the process. Images not decoded yet fail as crashed. */
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

  /** @returns undefined if the process ended before it began */
  async #attempt(from: BytesSource, crop: Crop | undefined): Promise<Attempt | undefined> {
    if (this.#closed) return { image: failed(crashed('stopped')), killed: false };
    this.#child ??= await this.#start();
    const child = this.#child;
    if (child === undefined) return undefined;
    const { seconds, memory } = this.#limits;
    return new Promise((resolve, reject) => {
      let file: FileIdentity | undefined;
      let facts: Facts | undefined;
      let cause: ImageFailure | undefined; // why the process is being killed
      const end = (failure: ImageFailure) => {
        cause ??= failure;
        child.kill('SIGKILL');
      };
      const endTime = setRunningTimeout(seconds * 1000, () => end(timedOut(seconds)));
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
        if (reply.kind === 'found') facts = reply.facts;
        if (reply.kind === 'done') settle(reply.image);
        if (reply.kind !== 'short') return;
        stop();
        reject(new ShortageError(reply.message, { hint: reply.hint }));
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
        if (child.connected) {
          child.once('disconnect', () => onExit(code, signal)); // replies may still be on their way
          return;
        }
        const killed = cause === undefined && signal === 'SIGKILL' && !this.#closed;
        if (cause === undefined && file !== undefined) cause = crashed(signal ?? `exit code ${code}`);
        settle(cause && failed(cause, file, facts), killed);
      };
      child.on('message', onMessage).on('exit', onExit);
      const request = { from, crop, preprocessing: this.#preprocessing, facts: this.#facts };
      child.send(request satisfies ProcessRequest, () => {}); // on an error, it has exited
    });
  }

  /** @returns undefined if the process does not start */
  async #start(): Promise<ChildProcess | undefined> {
    const child = fork(new URL('./decode-process.js', import.meta.url), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true, // keeps Ctrl-C from reaching it
    });
    child.on('error', () => {}); // handled below, or as an exit
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    const ready = await new Promise<boolean>((resolve) => {
      const endTime = setRunningTimeout(START_MS, () => resolve(false));
      const settle = (isReady: boolean) => () => {
        endTime();
        resolve(isReady);
      };
      child.once('message', settle(true)).once('exit', settle(false)).once('error', settle(false));
    });
    if (!ready || this.#closed) child.kill('SIGKILL');
    if (!ready) return undefined;
    // The timer of a pending image already keeps the run's process alive.
    child.unref();
    child.channel?.unref();
    return child;
  }
}

async function bytesFrom(item: FoundItem, limit: number): Promise<BytesSource> {
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
  return new ShortageError('cannot start the process that decodes some images apart', {
    hint: 'Free some memory, or raise the limits of open files (ulimit -n) and processes (ulimit -u).',
  });
}

function tooLarge({ decoding }: MemoryLimits): ImageFailure {
  const mebibytes = Math.round(decoding / 2 ** 20);
  return { code: 'too_large', message: `its decoder takes more memory than the limit of ${mebibytes} MiB` };
}

function failed(failure: ImageFailure, file?: FileIdentity, facts?: Facts): DecodedImage {
  const image = { status: 'failed', failure, file } as const;
  return facts === undefined ? image : { ...image, facts };
}

/** Returns the resident memory of a process in bytes; always 0 on systems other than Linux. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    const [, kibibytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return 1024 * Number(kibibytes ?? 0);
  } catch {
    return 0;
  }
}
