/** A field of a TIFF directory. Types: 1 BYTE, 3 SHORT, 4 LONG (the default), 7 UNDEFINED. */
export type TiffTag = readonly [tag: number, values: readonly number[], type?: 1 | 3 | 4 | 7];

/**
 * A TIFF or BigTIFF of one directory.
 *
 * @param offsets the tag for the offsets of the parts: 273 strips, 324 tiles; the tag for their lengths is written too
 * @param parts compressed; null for a missing one
 */
export function tiffFile(image: {
  readonly tags: readonly TiffTag[];
  readonly offsets: 273 | 324;
  readonly parts: readonly (Uint8Array | null)[];
  readonly order?: 'II' | 'MM';
  readonly big?: boolean;
}): Buffer {
  const { offsets, parts, order = 'II', big = false } = image;
  const [wide, entryBytes, head] = big ? [8, 20, 16] : [4, 12, 8];
  const number = (value: number, size: number) => {
    const buffer = Buffer.alloc(size);
    buffer.writeUIntLE(value, 0, Math.min(size, 6));
    return order === 'II' ? buffer : buffer.reverse();
  };
  const lengths: TiffTag = [offsets === 273 ? 279 : 325, parts.map((part) => part?.byteLength ?? 0)];
  const count = image.tags.length + 2;
  let place = head + (big ? 8 : 2) + count * entryBytes + wide;
  const data: Uint8Array[] = [];
  const store = (bytes: Uint8Array) => {
    const at = place;
    data.push(bytes);
    place += bytes.byteLength;
    return at;
  };
  // Parts that are the same object are stored once.
  const places = new Map<Uint8Array | null, number>([[null, 0]]);
  const stored = parts.map((part) => {
    const at = places.get(part) ?? store(part ?? Buffer.alloc(0));
    places.set(part, at);
    return at;
  });
  const tags: TiffTag[] = [...image.tags, lengths, [offsets, stored]];
  const entries = tags
    .sort(([a], [b]) => a - b)
    .map(([tag, values, type = 4]) => {
      const bytes = Buffer.concat(values.map((value) => number(value, { 1: 1, 3: 2, 4: 4, 7: 1 }[type])));
      const value = bytes.byteLength <= wide ? bytes : number(store(bytes), wide);
      const start = [number(tag, 2), number(type, 2), number(values.length, wide), value];
      return Buffer.concat(start, entryBytes);
    });
  const version = big ? [number(43, 2), number(8, 2), number(0, 2)] : [number(42, 2)];
  const directory = [number(head, wide), number(count, big ? 8 : 2), ...entries, number(0, wide)];
  return Buffer.concat([Buffer.from(order), ...version, ...directory, ...data]);
}

/** The tags of an image with `samples` samples a pixel, of `bits` bits each. */
export function tiffTags(image: {
  readonly width: number;
  readonly height: number;
  readonly bits?: number;
  readonly samples?: number;
  readonly compression?: number;
  readonly photometric?: number;
  readonly more?: readonly TiffTag[];
}): TiffTag[] {
  const { width, height, bits = 8, samples = 3, compression = 1, photometric = 2, more = [] } = image;
  return [
    ...([
      [256, [width]],
      [257, [height]],
      [258, Array<number>(samples).fill(bits), 3],
      [259, [compression], 3],
      [262, [photometric], 3],
      [277, [samples], 3],
    ] as TiffTag[]),
    ...more,
  ];
}
