import PQueue from 'p-queue';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem } from '../item.js';
import { type DecodedImage, decodeImage } from './decode.js';
import type { Preprocessing } from './geometry.js';
import { type Alone, IsolatedDecoder, timedOut } from './isolated.js';
import { type MemoryLimits, memoryLimits } from './memory-limits.js';
import { whileRunning } from './running-time.js';

/** Decodes images, each in bounded time. Close it when done. */
export interface Decoder {
  /** As `decodeImage`; and an image that takes too long is a failure too, `timeout`, as is one that crashes its process. */
  decode(item: FoundItem): Promise<DecodedImage>;
  /** Ends what is being decoded in a process of its own. Nothing is to be decoded afterwards. */
  close(): Promise<void>;
}

export interface DecoderOptions {
  readonly timeout: number; // seconds for one image, from when its turn comes, in which this process runs
  readonly isolated?: (item: FoundItem) => boolean; // whether a process of its own decodes it, whatever is in it
  readonly memory?: MemoryLimits; // of that process; undefined: those of this machine
  readonly signal?: AbortSignal | undefined; // closes it: what is being decoded in a process of its own fails at once
}

/**
 * Opens a decoder for one model's input. Images are decoded in threads of this process, which are fast and, in libvips, cannot be stopped;
 * those that may take very long, or much memory, one after another in a process of their own, which can.
 */
export function openDecoder(
  preprocessing: Preprocessing,
  { timeout, isolated = () => false, memory = memoryLimits(), signal }: DecoderOptions,
): Decoder {
  const here = new PQueue(); // at any concurrency: who asks for images bounds it
  const alone: Alone = async (work) => {
    here.pause();
    try {
      await here.onPendingZero();
      return await work();
    } finally {
      here.start();
    }
  };
  const apart = new IsolatedDecoder(preprocessing, { seconds: timeout, memory }, alone);
  const stop = () => void apart.close();
  signal?.addEventListener('abort', stop);
  const overdue = new Set<Promise<unknown>>(); // images that were given up while their threads go on

  const decodeHere = async (item: FoundItem): Promise<DecodedImage | undefined> => {
    let file: FileIdentity | undefined;
    const givenUp = new AbortController();
    const decoding = decodeImage(item, preprocessing, {
      leaveLaborious: true,
      signal: givenUp.signal,
      onOpen: (opened) => {
        file = opened;
      },
    });
    const ended = decoding.then((image) => ({ image }));
    const inTime = await whileRunning(timeout * 1000, ended);
    if (inTime !== undefined) return inTime.image;
    givenUp.abort();
    const over: Promise<unknown> = decoding.catch(() => {}).then(() => overdue.delete(over));
    overdue.add(over);
    return { status: 'failed', failure: timedOut(timeout), file };
  };

  return {
    async decode(item) {
      // Behind threads that go on with what was given up, others would wait and be late themselves.
      if (overdue.size > 0 || isolated(item)) return apart.decode(item);
      return (await here.add(() => decodeHere(item))) ?? apart.decode(item);
    },
    close() {
      signal?.removeEventListener('abort', stop);
      return apart.close();
    },
  };
}
