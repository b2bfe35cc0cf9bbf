import { FormatError, type ImageFailure, TruncatedError } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { ImageRefusal } from '../refusal.js';

/**
 * Returns the failure of an archive, or of a member, that cannot be read.
 *
 * @throws any other error
 */
export function failureOf(error: unknown): ImageFailure {
  if (error instanceof ImageRefusal) return error.failure;
  if (error instanceof Error && 'syscall' in error) return fileFailure(error);
  if (!(error instanceof FormatError)) throw error;
  return { code: error instanceof TruncatedError ? 'truncated' : 'read_failed', message: error.message };
}

/** What to do about an input that is damaged from its beginning. */
export const DAMAGED_HINT = 'Check the file; if it was cut off in a copy or download, get it again.';
