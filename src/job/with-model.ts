import { type OpenedSession, openSession } from '../devices/open-session.js';
import { byteLimit } from '../images/byte-limit.js';
import { openDecoder } from '../images/decoder.js';
import type { JobItem } from '../item.js';
import type { Row } from '../rows.js';
import { FetchAhead } from '../stream/fetch-ahead.js';
import { type RunOptions, run } from '../stream/run.js';
import type { MeasuredSettings } from '../stream/tuning.js';
import type { JobOptions } from './options.js';
import type { ReadyModel } from './ready-model.js';

/** Runs inputs through decoding and the network, and passes the rows to `write`. */
export type ProcessItems = (
  items: AsyncIterable<JobItem>,
  write: (row: Row) => Promise<void>,
  options?: Pick<RunOptions, 'onNote' | 'clock'> & {
    /** Wraps the decoding of each image. */
    readonly around?: <T>(id: string, decode: () => Promise<T>) => Promise<T>;
  },
) => Promise<MeasuredSettings | undefined>;

/**
 * Opens a model on its device and a decoder for its images, and closes both after `use`.
 *
 * @param suspects ids of images to decode in a separate process
 * @throws HalonetError if the device cannot be used, or the model cannot be loaded
 */
export async function withModel<T>(
  { images, compute, signal }: JobOptions,
  { prepared: { onnx, preprocessing }, choice }: ReadyModel,
  suspects: ReadonlySet<string>,
  use: (processItems: ProcessItems, opened: OpenedSession) => Promise<T>,
): Promise<T> {
  const { threads, batchSize, decoders, machine } = compute;
  const { height, width } = preprocessing;
  const opened = await openSession(onnx, choice, threads, signal);
  const { session } = opened;
  const decoder = openDecoder(preprocessing, {
    timeout: images.decodeSeconds,
    signal,
    facts: images.facts,
    isolated: ({ id }) => suspects.has(id),
  });
  const { remote, storage } = images;
  const processItems: ProcessItems = (items, write, { around = justDecode, onNote, clock } = {}) => {
    const fetching = new FetchAhead({
      requests: remote?.requests ?? 1,
      limit: byteLimit(preprocessing),
      cancel: () => void storage?.close(),
      clock,
    });
    return run({
      items: fetching.items(items),
      session,
      write,
      signal,
      batchSize,
      decoders,
      machine,
      onNote,
      clock,
      height,
      width,
      decode: (item) => around(item.id, () => decoder.decode(item)).finally(() => fetching.decoded(item)),
    });
  };
  try {
    return await use(processItems, opened);
  } finally {
    await decoder.close();
    await session.close();
  }
}

const justDecode = <T>(_: string, decode: () => Promise<T>) => decode();
