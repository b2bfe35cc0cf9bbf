import { type Decompress, Decompressed } from '../formats/compressed/decompressed.js';
import type { ArchiveFile } from './archive-file.js';

/** A format of files that may be compressed. */
interface Compressible {
  readonly decompress?: Decompress;
}

// Bytes that the items of a compressed archive can read again. Several are read at a time, some of them a second time a little
// later, and none should make it start from its beginning.
const SHARED = 32 * 2 ** 20;

/** Returns what a compressed archive decompresses to, to be read in its order; undefined for any other archive. */
export const contentOf = ({ decompress }: Compressible, signal?: AbortSignal): Decompressed | undefined =>
  decompress && new Decompressed(decompress, { signal });

/** Returns the same for items to share, which are read about in its order. */
export const sharedContentOf = (
  { decompress }: Compressible,
  signal?: AbortSignal,
): Decompressed | undefined => decompress && new Decompressed(decompress, { signal, kept: SHARED });

/** Returns an archive for reading its content; the file itself if it is not compressed. */
export const withContent = (file: ArchiveFile, content: Decompressed | undefined): ArchiveFile =>
  content === undefined ? file : { ...file, read: content.over(file.read) };
