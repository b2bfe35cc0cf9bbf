import { FormatError, TruncatedError } from '../../errors.js';
import { DamagedZstdError } from '../../zstd/damaged.js';
import {
  BLOCK_HEADER_BYTES,
  CHECKSUM_BYTES,
  FRAME_MAGIC,
  type Frame,
  headerRest,
  isSkippable,
  MAGIC_BYTES,
  readBlockHeader,
  readFrameHeader,
} from '../../zstd/frame-header.js';
import type { ByteStream } from './byte-stream.js';
import { openFrameDecoder } from './frame-decoder.js';

const FRAME_START = '\x28\xb5\x2f\xfd'; // the bytes of the magic number

/**
 * Decompresses Zstandard data, a block of at most 128 KiB at a time. Several frames are one stream; skippable ones are passed over.
 *
 * @throws TruncatedError if the data end within a frame
 * @throws FormatError if they are no Zstandard data, damaged, or need a dictionary or a window of more than 128 MiB
 */
export async function* unzstd(input: ByteStream): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; at = input.position) {
    const magic = await input.take(MAGIC_BYTES);
    if (magic.byteLength === 0 && at > 0) return;
    if (magic.byteLength === 0) throw new TruncatedError('the file has no bytes');
    if (magic.byteLength < MAGIC_BYTES && FRAME_START.startsWith(magic.toString('latin1'))) throw endsEarly();
    const number = magic.byteLength < MAGIC_BYTES ? undefined : magic.readUInt32LE();
    if (number === FRAME_MAGIC) yield* frameBlocks(input, magic);
    else if (number !== undefined && isSkippable(number)) await skipFrame(input);
    else if (at === 0) throw new FormatError('it does not begin like Zstandard data');
    else throw new FormatError(`there is no Zstandard frame at byte ${at}`);
  }
}

async function skipFrame(input: ByteStream): Promise<void> {
  const size = (await taken(input, 4)).readUInt32LE();
  if ((await input.skip(size)) < size) throw endsEarly();
}

/** Yields the blocks of a frame whose magic number was read. */
async function* frameBlocks(input: ByteStream, magic: Buffer): AsyncGenerator<Uint8Array> {
  const begin = input.position - MAGIC_BYTES;
  const descriptor = await taken(input, 1);
  const rest = await taken(input, headerRest(descriptor.readUInt8()));
  const frame = await expectedAt(begin, () => readFrameHeader(descriptor.readUInt8(), rest));
  const decoder = openFrameDecoder(frame, Buffer.concat([magic, descriptor, rest]));
  try {
    let size = 0;
    for (let isLast = false; !isLast; ) {
      const at = input.position;
      const header = await taken(input, BLOCK_HEADER_BYTES);
      const block = await expectedAt(at, () => readBlockHeader(header, frame));
      const bytes = await taken(input, block.content);
      const output = await expectedAt(at, () => decoder.decode({ ...block, header, bytes }));
      size += output.byteLength;
      if (output.byteLength > 0) yield output;
      ({ isLast } = block);
    }
    await expectEnd(input, begin, frame, size, (checksum) => decoder.check(checksum));
  } finally {
    decoder.close();
  }
}

async function expectEnd(
  input: ByteStream,
  begin: number,
  frame: Frame,
  size: number,
  check: (checksum: Buffer) => Promise<void>,
): Promise<void> {
  if (frame.size !== undefined && frame.size !== size)
    throw new FormatError(`the Zstandard frame at byte ${begin} has ${size} bytes; it states ${frame.size}`);
  if (!frame.hasChecksum) return;
  const checksum = await taken(input, CHECKSUM_BYTES);
  await check(checksum).catch((cause: unknown) => {
    throw new FormatError(`the checksum of the Zstandard frame at byte ${begin} is wrong`, { cause });
  });
}

/** Does work whose errors mean that the data at a place are damaged. */
async function expectedAt<T>(at: number, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof DamagedZstdError ? `: ${cause.message}` : '';
    throw new FormatError(`the Zstandard data at byte ${at} cannot be decompressed${reason}`, { cause });
  }
}

async function taken(input: ByteStream, length: number): Promise<Buffer> {
  const bytes = await input.take(length);
  if (bytes.byteLength < length) throw endsEarly();
  return bytes;
}

const endsEarly = () => new TruncatedError('the Zstandard data ends early');
