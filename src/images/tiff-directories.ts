/** One directory (IFD) of a TIFF: the numbers of the tags that were asked for. */
export type TiffDirectory = ReadonlyMap<number, readonly number[]>;

const MOST_VALUES = 1_000_000; // of one tag; the rest is left out

/** A part of the file lies beyond its end. */
export class BeyondEnd extends Error {
  override readonly name = 'BeyondEnd';
}

// https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, and https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
const BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8]; // of each type
const INTEGERS: Readonly<Record<number, 2 | 4 | 8>> = { 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 }; // of these, as bytes

/**
 * The directories of a TIFF or BigTIFF, in the order of their chain, which may lead back into itself.
 *
 * @param tags whose values are read
 * @throws BeyondEnd where a directory, or a value of one, is not in the file
 */
export function* tiffDirectories(bytes: Uint8Array, tags: ReadonlySet<number>): Generator<TiffDirectory> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const read = (at: number, size: 2 | 4 | 8): number => {
    if (!(at + size <= bytes.byteLength)) throw new BeyondEnd();
    if (size === 2) return view.getUint16(at, little);
    return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  };
  const big = read(2, 2) === 43;
  const [wide, entry, first] = big ? ([8, 20, 8] as const) : ([4, 12, 4] as const);
  const counted = big ? 8 : 2;
  for (let at = read(first, wide); at !== 0; ) {
    const entries = read(at, counted);
    const directory = new Map<number, number[]>();
    for (let i = 0; i < entries; i++) {
      const field = at + counted + i * entry;
      const tag = read(field, 2);
      const type = read(field + 2, 2);
      const count = read(field + 4, wide);
      const length = count * (BYTES[type] ?? 0);
      const place = length <= wide ? field + 4 + wide : read(field + 4 + wide, wide);
      if (!(place + length <= bytes.byteLength)) throw new BeyondEnd();
      const size = INTEGERS[type];
      if (!tags.has(tag) || size === undefined) continue;
      directory.set(
        tag,
        Array.from({ length: Math.min(count, MOST_VALUES) }, (_, k) => read(place + k * size, size)),
      );
    }
    yield directory;
    at = read(at + counted + entries * entry, wide);
  }
}
