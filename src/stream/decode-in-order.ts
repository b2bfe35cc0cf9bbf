import type PQueue from 'p-queue';
import { mapInOrder } from '../async/map-in-order.js';
import type { Facts } from '../facts.js';
import type { FileIdentity } from '../file-identity.js';
import type { DecodedImage } from '../images/decode.js';
import type { FoundItem, JobItem } from '../item.js';
import type { Columns, Row } from '../rows.js';

/** One input after decoding: its pixels, or its row if it has none. */
export type DecodedItem =
  | {
      readonly status: 'ok';
      readonly id: string;
      readonly target?: string | undefined; // what the id resolves to; left out if the same
      readonly columns?: Columns | undefined;
      readonly file: FileIdentity | undefined;
      readonly facts?: Facts | undefined; // those that were asked for
      readonly pixels: Uint8Array; // [height, width, 3]
    }
  | Exclude<Row, { status: 'ok' }>;

export interface DecodeOptions {
  readonly decode: (item: FoundItem) => Promise<DecodedImage>;
  readonly decoders: PQueue; // its concurrency is the number of images decoded at once
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
  return mapInOrder(items, (item) => decoders.add(() => decodeItem(item, decode)), ahead);
}

async function decodeItem(item: JobItem, decode: DecodeOptions['decode']): Promise<DecodedItem> {
  const { id, target } = item;
  if (item.status === 'stored') {
    const { status, file, stored } = item;
    return { id, target, file, status, stored };
  }
  const { columns } = item;
  const decoded = item.status === 'failed' ? item : await decode(item);
  if (decoded.status === 'ok') {
    const { status, pixels, file, facts } = decoded;
    return { id, target, columns, file, facts, status, pixels };
  }
  const { status, failure } = decoded;
  const file = ('file' in decoded ? decoded.file : undefined) ?? (await item.identify());
  const facts = 'facts' in decoded ? decoded.facts : undefined;
  return { id, target, columns, file, facts, status, failure };
}
