const MAX_FIELDS = 65_535; // per directory; a BigTIFF may claim 2^64

/** One field of a directory, and the location of its values. */
interface Field {
  readonly type: number;
  readonly count: number;
  readonly at: number; // byte offset in the file
}

// Bytes of each integer type: BYTE, SHORT, LONG, SSHORT, SLONG, IFD, LONG8, SLONG8, IFD8.
const INTEGERS: Readonly<Record<number, 1 | 2 | 4 | 8>> = {
  1: 1,
  3: 2,
  4: 4,
  8: 2,
  9: 4,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};
// Bytes of each type; there is no type 0.
const BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** BYTE, which Pillow returns as a byte string, not as a number. */
export const BYTE = 1;

/**
 * The fields of the first directory of a TIFF, a BigTIFF or an EXIF block, which is a TIFF without an image. As in Pillow,
 * fields that lie beyond the end of the file are left out.
 *
 * https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, https://libtiff.gitlab.io/libtiff/specification/bigtiff.html
 */
export class TiffFields {
  readonly littleEndian: boolean;
  readonly isBig: boolean;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fields = new Map<number, Field>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = bytes[0] === 0x49;
    this.isBig = this.#read(2, 2) === 43;
    const [wide, entryBytes, first] = this.isBig ? ([8, 20, 8] as const) : ([4, 12, 4] as const);
    const start = this.#read(first, wide) ?? 0;
    const countBytes = this.isBig ? 8 : 2;
    const count = Math.min(this.#read(start, countBytes) ?? 0, MAX_FIELDS);
    for (let i = 0; i < count; i++) {
      const entry = start + countBytes + i * entryBytes;
      const tag = this.#read(entry, 2);
      const type = this.#read(entry + 2, 2);
      const values = this.#read(entry + 4, wide);
      const offset = this.#read(entry + 4 + wide, wide);
      if (tag === undefined || type === undefined || values === undefined || offset === undefined) break;
      const length = values * (BYTES[type] ?? 0);
      const at = length <= wide ? entry + 4 + wide : offset;
      if (length === 0 || at + length > bytes.byteLength || this.#fields.has(tag)) continue;
      this.#fields.set(tag, { type, count: values, at });
    }
  }

  /** Returns the type of a field and the number of its values. */
  shape(tag: number): Omit<Field, 'at'> | undefined {
    return this.#fields.get(tag);
  }

  /** Returns one value of a field; undefined if it is missing or not an integer. */
  numberAt(tag: number, index = 0): number | undefined {
    const field = this.#fields.get(tag);
    const size = INTEGERS[field?.type ?? 0];
    if (field === undefined || size === undefined || index >= field.count) return undefined;
    return this.#read(field.at + index * size, size);
  }

  /** Returns the first values of a field, at most `most`. */
  numbers(tag: number, most: number): number[] {
    const count = Math.min(this.#fields.get(tag)?.count ?? 0, most);
    return Array.from({ length: count }, (_, i) => this.numberAt(tag, i) ?? 0);
  }

  /** Returns the bytes of all values of a field, as stored in the file. */
  bytesOf(tag: number): Uint8Array {
    const { at, count, type } = this.#fields.get(tag) ?? { at: 0, count: 0, type: 0 };
    return this.#bytes.subarray(at, at + count * (BYTES[type] ?? 0));
  }

  #read(at: number, size: 1 | 2 | 4 | 8): number | undefined {
    if (!(at + size <= this.#view.byteLength)) return undefined;
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, this.littleEndian);
    if (size === 4) return this.#view.getUint32(at, this.littleEndian);
    return Number(this.#view.getBigUint64(at, this.littleEndian));
  }
}
