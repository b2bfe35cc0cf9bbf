import { FormatError } from '../../errors.js';

/** Bytes of no known meaning follow complete compressed data. What reads the data decides whether they matter. */
export class TrailingBytesError extends FormatError {
  override readonly name = 'TrailingBytesError';
}
