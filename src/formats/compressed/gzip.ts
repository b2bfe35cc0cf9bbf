import { crc32, createInflateRaw } from 'node:zlib';
import { FormatError, TruncatedError } from '../../errors.js';
import type { ByteStream } from './byte-stream.js';
import { TrailingBytesError } from './trailing-bytes.js';
import { ZlibStream } from './zlib-stream.js';

// https://datatracker.ietf.org/doc/html/rfc1952#section-2.3
const MAGIC = 0x8b1f;
const HEADER = 10; // bytes
const TRAILER = 8; // bytes
const DEFLATE = 8;
const HAS_CRC = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const RESERVED = 0xe0;

const PIECE = 16 * 2 ** 10; // bytes; deflate makes 16 MiB of them at most
const CHUNK = 64 * 2 ** 10; // bytes of output; damage may take the last ones before it away

/**
 * Decompresses gzip data. Several members are one stream; zeros behind the last one are padding.
 *
 * @throws TruncatedError if the data end within a member
 * @throws TrailingBytesError if something else follows the last member
 * @throws FormatError if they are no gzip data, damaged, or have another CRC-32 or size than stated
 */
export async function* gunzip(input: ByteStream): AsyncGenerator<Uint8Array> {
  await passHeader(input, await input.take(HEADER), 0);
  do yield* inflated(input);
  while (await passNextHeader(input));
}

/** @returns false if there is no further member */
async function passNextHeader(input: ByteStream): Promise<boolean> {
  const at = input.position;
  const header = await input.take(HEADER);
  if (header.byteLength >= 2 && header.readUInt16LE() === MAGIC) {
    await passHeader(input, header, at);
    return true;
  }
  for (let bytes = header; bytes.byteLength > 0; bytes = await input.some(PIECE))
    if (bytes.some((byte) => byte !== 0))
      throw new TrailingBytesError(`bytes that are not gzip data follow the member before byte ${at}`);
  return false;
}

async function passHeader(input: ByteStream, header: Buffer, at: number): Promise<void> {
  if (header.byteLength === 0) throw new TruncatedError('the file has no bytes');
  if (header.byteLength >= 2 && header.readUInt16LE() !== MAGIC)
    throw new FormatError('it does not begin like gzip data');
  if (header.byteLength < HEADER) throw endsEarly();
  const [, , method, flags = 0] = header;
  if (method !== DEFLATE || (flags & RESERVED) !== 0)
    throw new FormatError(`the gzip header at byte ${at} is damaged`);
  if (flags & HAS_EXTRA) {
    const length = await input.take(2);
    if (length.byteLength < 2 || (await input.skip(length.readUInt16LE())) < length.readUInt16LE())
      throw endsEarly();
  }
  if (flags & HAS_NAME) await passText(input);
  if (flags & HAS_COMMENT) await passText(input);
  if (flags & HAS_CRC && (await input.skip(2)) < 2) throw endsEarly();
}

/** Passes over text that a NUL ends. */
async function passText(input: ByteStream): Promise<void> {
  for (;;) {
    const bytes = await input.some(PIECE);
    if (bytes.byteLength === 0) throw endsEarly();
    const end = bytes.indexOf(0);
    if (end === -1) continue;
    input.putBack(bytes.subarray(end + 1));
    return;
  }
}

/** Inflates the data of a member, and compares them with its trailer. */
async function* inflated(input: ByteStream): AsyncGenerator<Buffer> {
  const stream = new ZlibStream(createInflateRaw({ chunkSize: CHUNK }));
  let [crc, size] = [0, 0];
  try {
    for (let rest: Buffer | undefined; rest === undefined; ) {
      const at = input.position;
      const piece = await input.some(PIECE);
      if (piece.byteLength === 0) throw endsEarly();
      const pushed = await stream.push(piece).catch((cause: unknown) => {
        throw new FormatError(`the gzip data is damaged after byte ${at}`, { cause });
      });
      for (const chunk of pushed.output) {
        crc = crc32(chunk, crc);
        size += chunk.byteLength;
        yield chunk;
      }
      rest = pushed.rest;
      if (rest !== undefined) input.putBack(rest);
    }
  } finally {
    stream.close();
  }
  const trailer = await input.take(TRAILER);
  if (trailer.byteLength < TRAILER) throw endsEarly();
  if (trailer.readUInt32LE() !== crc || trailer.readUInt32LE(4) !== size % 2 ** 32)
    throw new FormatError(`the CRC-32 or the size of the gzip data before byte ${input.position} is wrong`);
}

const endsEarly = () => new TruncatedError('the gzip data ends early');
