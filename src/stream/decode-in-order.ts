import type PQueue from 'p-queue';
import { inOrder } from '../async/in-order.js';
import type { FileIdentity } from '../file-identity.js';
import { identify } from '../identify.js';
import type { DecodedImage } from '../images/decode.js';
import type { JobItem } from '../item.js';
import type { Row } from '../rows.js';

/** One input after decoding: its pixels, or the row that it has without. */
export type DecodedItem =
  | {
      readonly status: 'ok';
      readonly path: string;
      readonly target?: string | undefined; // what the path leads to; left out where that is `path`
      readonly file: FileIdentity | undefined;
      readonly pixels: Uint8Array; // [height, width, 3]
    }
  | Exclude<Row, { status: 'ok' }>;

export interface DecodeOptions {
  readonly decode: (path: string, at: string) => Promise<DecodedImage>; // `path` in rows, opened at `at`
  readonly decoders: PQueue; // its concurrency is the number of images that are decoded at once
  readonly ahead: () => number; // images decoded or being decoded before they are taken
}

/**
 * Decodes inputs at a bounded concurrency and yields them in input order.
 * At most `ahead()` images are held, however fast the source or slow the consumer.
 */
export function decodeInOrder(
  items: AsyncIterable<JobItem>,
  { decode, decoders, ahead }: DecodeOptions,
): AsyncGenerator<DecodedItem> {
  return inOrder(items, (item) => decoders.add(() => decodeItem(item, decode)), ahead);
}

async function decodeItem(item: JobItem, decode: DecodeOptions['decode']): Promise<DecodedItem> {
  if (item.status === 'stored') return item;
  const { path, target, at = path } = item;
  const decoded: DecodedImage = item.status === 'failed' ? item : await decode(path, at);
  if (decoded.status === 'ok') return { path, target, ...decoded, file: decoded.file };
  return { path, target, ...decoded, file: decoded.file ?? (await identify(at)) };
}
