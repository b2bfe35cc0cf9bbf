import PQueue from 'p-queue';
import type { FactName } from '../facts.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem } from '../item.js';
import { type DecodedImage, decodeImage, withFacts } from './decode.js';
import type { Preprocessing } from './geometry.js';
import { ImageFacts } from './image-facts.js';
import { IsolatedDecoder, type RunAlone, timedOut } from './isolated.js';
import { type MemoryLimits, memoryLimits } from './memory-limits.js';
import { withRunningTimeout } from './running-time.js';

/** Decodes images, each in bounded time. Close it when done. */
export interface Decoder {
  /** Decodes as `decodeImage` does. Also fails with `timeout` if an image takes too long, and `crashed` if it ends its process. */
  decode(item: FoundItem): Promise<DecodedImage>;
  /** Ends decoding in the separate process. Decode nothing afterwards. */
  close(): Promise<void>;
}

export interface DecoderOptions {
  readonly timeout: number; // for one image, from when its turn comes; counts only while this process runs
  readonly isolated?: (item: FoundItem) => boolean; // whether to decode an item in the separate process, whatever its contents
  readonly memory?: MemoryLimits; // of that process; undefined: the limits of this machine
  readonly facts?: readonly FactName[] | undefined; // to find out about each image; none by default
  readonly signal?: AbortSignal | undefined; // closes the decoder: images in the separate process fail at once
}

/**
 * Opens a decoder for one model's input. Most images are decoded in threads of this process, which are fast but cannot be stopped
 * inside libvips. Images that may take very long or need a lot of memory are decoded one by one in a separate process, which can.
 */
export function openDecoder(
  preprocessing: Preprocessing,
  { timeout, isolated = () => false, memory = memoryLimits(), facts = [], signal }: DecoderOptions,
): Decoder {
  const here = new PQueue(); // unlimited concurrency: callers bound it
  const alone: RunAlone = async (work) => {
    here.pause();
    try {
      await here.onPendingZero();
      return await work();
    } finally {
      here.start();
    }
  };
  const apart = new IsolatedDecoder(preprocessing, { seconds: timeout, memory }, alone, facts);
  const stop = () => void apart.close();
  signal?.addEventListener('abort', stop);
  const overdue = new Set<Promise<unknown>>(); // images that timed out while their threads still run

  const decodeHere = async (item: FoundItem): Promise<DecodedImage | undefined> => {
    let file: FileIdentity | undefined;
    const givenUp = new AbortController();
    const collected = facts.length === 0 ? undefined : new ImageFacts(facts);
    const decoding = decodeImage(item, preprocessing, {
      leaveLaborious: true,
      signal: givenUp.signal,
      facts: collected,
      onOpen: (opened) => {
        file = opened;
      },
    });
    const ended = decoding.then((image) => ({ image }));
    const inTime = await withRunningTimeout(timeout * 1000, ended);
    if (inTime !== undefined) return inTime.image;
    givenUp.abort();
    const over: Promise<unknown> = decoding.catch(() => {}).then(() => overdue.delete(over));
    overdue.add(over);
    return withFacts({ status: 'failed', failure: timedOut(timeout), file }, collected);
  };

  return {
    async decode(item) {
      await item.reach?.();
      // Threads may be busy with images that timed out; waiting behind them would make other images late too.
      if (overdue.size > 0 || isolated(item)) return apart.decode(item);
      return (await here.add(() => decodeHere(item))) ?? apart.decode(item);
    },
    close() {
      signal?.removeEventListener('abort', stop);
      return apart.close();
    },
  };
}
