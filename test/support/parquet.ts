// Writes Parquet files of one column of bytes, valid or not, a page as the test gives it.

/** A value in Thrift's compact protocol: its type, and its bytes. */
type Value = readonly [type: number, bytes: Buffer];

export const int = (value: number | bigint): Value => [6, varint(BigInt.asUintN(64, zigzag(BigInt(value))))];
export const int32 = (value: number): Value => [5, varint(BigInt.asUintN(64, zigzag(BigInt(value))))];
export const text = (value: string): Value => [8, withLength(Buffer.from(value))];

export function list(...values: readonly Value[]): Value {
  const type = values[0]?.[0] ?? 12;
  const head = Buffer.concat([Buffer.of(0xf0 | type), varint(BigInt(values.length))]);
  return [9, Buffer.concat([head, ...values.map(([, bytes]) => bytes)])];
}

/** @param fields by their numbers; those that are undefined are left out */
export function struct(fields: Readonly<Record<number, Value | undefined>>): Value {
  const parts: Buffer[] = [];
  let last = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const [type, bytes] = value;
    parts.push(Buffer.of(((Number(key) - last) << 4) | type), bytes);
    last = Number(key);
  }
  return [12, Buffer.concat([...parts, Buffer.of(0)])];
}

const zigzag = (value: bigint) => (value << 1n) ^ (value >> 63n);

export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

const withLength = (bytes: Buffer) => Buffer.concat([varint(BigInt(bytes.byteLength)), bytes]);

/** Values with their lengths before them: the encoding PLAIN. */
export const plain = (...values: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(value));
      return [length, Buffer.from(value)];
    }),
  );

/** Levels of a page of version 1: their length before them. */
export function levels(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

interface PageOptions {
  readonly rows: number;
  readonly encoding?: number; // 0: PLAIN
  readonly size?: number; // bytes once decompressed; by default, the same
  readonly crc?: number;
  readonly isDictionary?: boolean;
}

/** A page of version 1. */
export function page(bytes: Buffer, options: PageOptions): Buffer {
  const { rows, encoding = 0, size = bytes.byteLength, crc, isDictionary = false } = options;
  const [, header] = struct({
    1: int32(isDictionary ? 2 : 0),
    2: int32(size),
    3: int32(bytes.byteLength),
    4: crc === undefined ? undefined : int32(crc),
    5: isDictionary ? undefined : struct({ 1: int32(rows), 2: int32(encoding), 3: int32(3), 4: int32(3) }),
    7: isDictionary ? struct({ 1: int32(rows), 2: int32(0) }) : undefined,
  });
  return Buffer.concat([header, bytes]);
}

export interface RowGroup {
  readonly rows: number;
  readonly pages: readonly Buffer[];
  readonly change?: Readonly<Record<number, Value>>; // of the column chunk
  readonly data?: Readonly<Record<number, Value>>; // of its metadata
}

interface FileOptions {
  readonly codec?: number; // 0: UNCOMPRESSED
  readonly isOptional?: boolean;
  readonly schema?: readonly Value[]; // by default, a column `image`
  readonly rows?: bigint; // as the metadata states; by default, their number
}

/** A Parquet file with a column of bytes. https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export function parquetOf(groups: readonly RowGroup[], options: FileOptions = {}): Buffer {
  const { codec = 0, isOptional = false, schema = [column('image', isOptional)], rows } = options;
  let at = 4;
  const described = groups.map(({ rows: count, pages, change, data }) => {
    const length = pages.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const metadata = {
      ...{ 1: int32(6), 2: list(int32(0)), 3: list(text('image')), 4: int32(codec), 5: int(count) },
      ...{ 6: int(length), 7: int(length), 9: int(at) },
      ...data,
    };
    const chunk = struct({ 2: int(at), 3: struct(metadata), ...change });
    at += length;
    return struct({ 1: list(chunk), 2: int(length), 3: int(count) });
  });
  const total = rows ?? BigInt(groups.reduce((sum, { rows: count }) => sum + count, 0));
  const root = struct({ 4: text('root'), 5: int32(schema.length) });
  const [, metadata] = struct({
    ...{ 1: int32(1), 2: list(root, ...schema), 3: int(total), 4: list(...described) },
  });
  return withMetadata(
    Buffer.concat([Buffer.from('PAR1'), ...groups.flatMap(({ pages }) => pages)]),
    metadata,
  );
}

/** Appends metadata to what stands before it. */
export function withMetadata(before: Buffer, metadata: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.byteLength);
  return Buffer.concat([before, metadata, length, Buffer.from('PAR1')]);
}

/** An element of a schema: a column of bytes. */
export const column = (name: string, isOptional = false): Value =>
  struct({ 1: int32(6), 3: int32(isOptional ? 1 : 0), 4: text(name) });
