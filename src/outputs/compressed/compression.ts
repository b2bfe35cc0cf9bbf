// src/outputs/compressed/: compresses the text of outputs

import type { Decompress } from '../../formats/compressed/decompressed.js';

/** A way to compress files. What it makes of several pieces, joined, is what it would make of the pieces joined. */
export interface Compression {
  readonly name: string; // for messages
  readonly extension: string; // in lower case
  /** Says what the compressed bytes depend on besides the piece. */
  readonly setting: () => string;
  /** Loads the compressor. It holds up other work of the process for a fraction of a second at most, given {@link PIECE} bytes. */
  readonly load: () => Promise<(piece: Uint8Array) => Promise<Uint8Array>>;
  /** @throws FormatError if the data are damaged or end early */
  readonly decompress: Decompress;
}

/** The most bytes that are compressed at once. */
export const PIECE = 2 ** 20;
