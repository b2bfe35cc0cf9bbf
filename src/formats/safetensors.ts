import { FormatError } from '../errors.js';
import { BYTES_PER_ELEMENT, type DType, elementCount, type Tensor } from '../tensor.js';

// https://github.com/huggingface/safetensors#format
const LENGTH_BYTES = 8;
// The reference implementation accepts 100 MB; parsed, that would be gigabytes. Headers of networks are below 1 MB.
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

const DTYPES: ReadonlyMap<unknown, DType> = new Map([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
]);

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number; // from the end of the header
  readonly end: number; // exclusive
}

/**
 * Reads the tensors of a safetensors file, as views of `file` (no copy), in header order.
 *
 * Format: 8 bytes of header length (little-endian), a JSON header, then the data. The tensors must cover the data
 * exactly, without holes or overlaps.
 *
 * @param file the whole file
 * @param where the path or name for error messages
 * @throws FormatError if the file is truncated, its header is invalid, or tensors overlap, leave holes, or have a
 *   type other than F32, F16, BF16 and I64
 */
export function parseSafetensors(file: Uint8Array, where: string): ReadonlyMap<string, Tensor> {
  const headerLength = readHeaderLength(file, where);
  const dataStart = LENGTH_BYTES + headerLength;
  const header = parseHeader(file.subarray(LENGTH_BYTES, dataStart), where);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, where));
  checkCoverage(entries, file.byteLength - dataStart, where);
  return new Map(
    entries.map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, data: file.subarray(dataStart + begin, dataStart + end) },
    ]),
  );
}

function readHeaderLength(file: Uint8Array, where: string): number {
  if (file.byteLength < LENGTH_BYTES) {
    throw broken(where, `is ${file.byteLength} bytes long; a safetensors file has at least ${LENGTH_BYTES}`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw broken(where, `declares a header of ${length} bytes; at most ${MAX_HEADER_BYTES} are read`);
  }
  const available = file.byteLength - LENGTH_BYTES;
  if (length > available) {
    throw broken(where, `declares a header of ${length} bytes but has ${available} left: it is truncated`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, where: string): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw broken(where, 'has a header that is not valid JSON', cause);
  }
  if (!isRecord(header)) throw broken(where, 'has a header that is not a JSON object');
  return header;
}

function parseEntry(name: string, value: unknown, where: string): Entry {
  const tensor = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(value)) throw broken(where, `${tensor}: expected an object with dtype, shape, data_offsets`);
  const { dtype: dtypeName, shape, data_offsets: offsets } = value;
  const dtype = DTYPES.get(dtypeName);
  if (dtype === undefined) {
    throw broken(
      where,
      `${tensor}: dtype ${JSON.stringify(dtypeName)}; readable are ${[...DTYPES.keys()].join(', ')}`,
    );
  }
  if (!isSizes(shape))
    throw broken(where, `${tensor}: shape ${JSON.stringify(shape)} is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw broken(where, `${tensor}: data_offsets ${JSON.stringify(offsets)}; expected [begin, end]`);
  }
  const [begin = 0, end = 0] = offsets;
  const expected = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
  if (end - begin !== expected) {
    throw broken(
      where,
      `${tensor}: data_offsets hold ${end - begin} bytes; ${String(dtypeName)} [${shape.join(', ')}] needs ${expected}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Checks that the tensors fill the data exactly, as the format requires; anything else is damage or an attack. */
function checkCoverage(entries: readonly Entry[], dataLength: number, where: string): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of sorted) {
    const tensor = `tensor ${JSON.stringify(name)}`;
    if (begin < position)
      throw broken(where, `${tensor} at byte ${begin} overlaps the one that ends at ${position}`);
    if (begin > position)
      throw broken(where, `bytes ${position} to ${begin} before ${tensor} belong to no tensor`);
    if (end > dataLength) {
      throw broken(
        where,
        `${tensor} ends at byte ${end} but the data has ${dataLength}: the file is truncated`,
      );
    }
    position = end;
  }
  if (position !== dataLength) {
    throw broken(where, `${dataLength - position} bytes after the last tensor belong to no tensor`);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function broken(where: string, problem: string, cause?: unknown): FormatError {
  return new FormatError(`${where}: ${problem}`, {
    hint: 'Download or copy the checkpoint again.',
    cause,
  });
}
