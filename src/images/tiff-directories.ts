import type { Budget } from './budget.js';

/** One directory (IFD) of a TIFF. */
export interface TiffDirectory {
  readonly fields: number; // including repeated ones
  readonly valueBytes: number; // of all its fields together, as declared
  readonly complete: boolean; // whether the file holds all of these
  /**
   * Returns all integers of a tag; an empty list if it is missing or holds another type. Of a repeated tag the first counts, as
   * in libtiff.
   *
   * @throws PastEndError if the values lie beyond the end of the file
   * @throws BudgetExceeded before reading any, if there are more than steps left
   */
  numbers(tag: number): readonly number[];
}

/** Thrown when a part of the file lies beyond its end. */
export class PastEndError extends Error {
  override readonly name = 'PastEndError';
}

// https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, and https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
const BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]; // of each type
const UNSIGNED: Readonly<Record<number, IntegerBytes>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 }; // the sizes of these, in bytes

type IntegerBytes = 1 | 2 | 4 | 8;

interface Field {
  readonly type: number;
  readonly count: number; // of values
  readonly place: number; // of the first value in the file
}

/**
 * Yields the directories of a TIFF or BigTIFF in the order of their chain. A chain may be circular; the budget ends it. Each
 * field of a directory costs one step, as does each number requested.
 *
 * @throws PastEndError if a directory lies beyond the end of the file
 * @throws BudgetExceeded
 */
export function* tiffDirectories(bytes: Uint8Array, budget: Budget): Generator<TiffDirectory> {
  const read = integerReader(bytes);
  const big = read(2, 2) === 43;
  const [wide, entry, first] = big ? ([8, 20, 8] as const) : ([4, 12, 4] as const);
  const counted = big ? 8 : 2;
  for (let at = read(first, wide); at !== 0; ) {
    budget.spend();
    const entries = read(at, counted);
    const fields = new Map<number, Field>(); // by tag
    let [valueBytes, complete] = [0, true];
    for (let i = 0; i < entries; i++) {
      budget.spend();
      const field = at + counted + i * entry;
      const tag = read(field, 2);
      const type = read(field + 2, 2);
      const count = read(field + 4, wide);
      const length = count * (BYTES[type] ?? 0);
      const place = length <= wide ? field + 4 + wide : read(field + 4 + wide, wide);
      valueBytes += length;
      complete &&= place + length <= bytes.byteLength;
      if (!fields.has(tag)) fields.set(tag, { type, count, place });
    }
    const numbers = (tag: number): readonly number[] => {
      const { type = 0, count = 0, place = 0 } = fields.get(tag) ?? {};
      const size = UNSIGNED[type];
      if (size === undefined) return [];
      if (!(place + count * size <= bytes.byteLength)) throw new PastEndError();
      budget.spend(count);
      return Array.from({ length: count }, (_, k) => read(place + k * size, size));
    };
    yield { fields: entries, valueBytes, complete, numbers };
    at = read(at + counted + entries * entry, wide);
  }
}

/** Returns a function that reads integers of a TIFF in its byte order. */
function integerReader(bytes: Uint8Array): (at: number, size: IntegerBytes) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  return (at, size) => {
    if (!(at + size <= bytes.byteLength)) throw new PastEndError();
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at, little);
    if (size === 4) return view.getUint32(at, little);
    const [high, low] = little ? [at + 4, at] : [at, at + 4]; // a bigint would be ten times slower
    return view.getUint32(high, little) * 2 ** 32 + view.getUint32(low, little);
  };
}
