import { open } from 'node:fs/promises';
import { FormatError } from '../../errors.js';
import { reading } from '../../files/write-error.js';
import { ByteStream } from '../../formats/compressed/byte-stream.js';
import { readFully } from '../../read-fully.js';
import { ARRANGEMENTS } from '../arrangement.js';
import { type OutputLayout, textFile } from '../layout.js';
import { openFilePacker } from '../packed-file.js';
import type { Packer, Packing, PackOptions, UnpackedBlock } from '../packing.js';
import type { TextFile } from '../row-file.js';
import { type Compression, PIECE } from './compression.js';

const BLOCK = { rows: 2 ** 16, textBytes: 4 * 2 ** 20 } as const;

const GROWTH = 1.01; // text that does not compress is stored, with headers and checksums

/**
 * Returns the layout of a file of text as a compressed file.
 *
 * @param layout of one text file; returned as it is without a compression
 */
export function compressed(
  layout: OutputLayout,
  compression: Compression | undefined,
  block: Packing['block'] = BLOCK,
): OutputLayout {
  if (compression === undefined) return layout;
  const text = textFile(layout);
  return {
    arrangement: ARRANGEMENTS.packed,
    files: layout.files,
    packing: {
      names: (output) => [text.name(output)],
      growth: GROWTH,
      block,
      open: (options) => openPacker(text, compression, options),
      async *unpack(paths) {
        for (const path of paths.values()) yield* unpacked(path, text, compression);
      },
    },
    settings: { ...layout.settings, compression: compression.setting() },
  };
}

async function openPacker(text: TextFile, { load }: Compression, options: PackOptions): Promise<Packer> {
  const compress = await load();
  const withoutRows = options.rows === 0 ? await compress(text.header) : Buffer.of();
  return openFilePacker(options, () => ({
    start: () => withoutRows,
    async encode(block) {
      const rows = await block.read(text);
      const bytes = block.first === 0 ? Buffer.concat([text.header, rows]) : rows;
      return { pieces: await Promise.all(cut(bytes).map(compress)), state: null };
    },
    end: () => Buffer.of(),
  }));
}

/** Cuts bytes into pieces to compress. */
function cut(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.byteLength / PIECE) }, (_, i) =>
    bytes.subarray(i * PIECE, (i + 1) * PIECE),
  );
}

/** Yields the rows of a compressed file. @throws {FormatError} if it is damaged; ReadFailure */
async function* unpacked(
  path: string,
  text: TextFile,
  { decompress }: Compression,
): AsyncGenerator<UnpackedBlock> {
  const handle = await reading(() => open(path, 'r'));
  try {
    const stream = new ByteStream(async (position, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, await reading(() => readFully(handle, bytes, position)));
    });
    for await (const bytes of withoutHeader(decompress(stream), text.header))
      yield { bytes: new Map([[text, bytes]]) };
  } finally {
    await handle.close().catch(() => {}); // nothing more is read
  }
}

/** @throws {FormatError} if the text does not begin with the header */
async function* withoutHeader(
  chunks: AsyncIterable<Uint8Array>,
  header: Uint8Array,
): AsyncGenerator<Uint8Array> {
  let left = Buffer.from(header);
  for await (const chunk of chunks) {
    const length = Math.min(left.byteLength, chunk.byteLength);
    if (!left.subarray(0, length).equals(chunk.subarray(0, length))) break;
    left = left.subarray(length);
    if (length < chunk.byteLength) yield chunk.subarray(length);
  }
  if (left.byteLength > 0) throw new FormatError('the text has another header than its run wrote');
}
