import type PQueue from 'p-queue';
import type { ImageFailure } from '../errors.js';
import type { DecodedImage } from '../images/decode.js';
import type { InputItem } from '../inputs/walk.js';
import { inOrder } from './in-order.js';

/** One input after decoding: its pixels, or why there are none. */
export type DecodedItem =
  | { readonly status: 'ok'; readonly path: string; readonly pixels: Uint8Array } // [height, width, 3]
  | { readonly status: 'failed'; readonly path: string; readonly failure: ImageFailure };

export interface DecodeOptions {
  readonly decode: (path: string) => Promise<DecodedImage>;
  readonly decoders: PQueue; // its concurrency is the number of images that are decoded at once
  readonly ahead: () => number; // images decoded or being decoded before they are taken
}

/**
 * Decodes inputs at a bounded concurrency and yields them in input order.
 * At most `ahead()` images are held, however fast the source or slow the consumer.
 */
export function decodeInOrder(
  items: AsyncIterable<InputItem>,
  { decode, decoders, ahead }: DecodeOptions,
): AsyncGenerator<DecodedItem> {
  return inOrder(items, (item) => decoders.add(() => decodeItem(item, decode)), ahead);
}

async function decodeItem(item: InputItem, decode: DecodeOptions['decode']): Promise<DecodedItem> {
  if (item.status === 'failed') return item;
  return { path: item.path, ...(await decode(item.path)) };
}
