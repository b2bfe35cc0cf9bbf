import type { ImageFailure } from './errors.js';
import { rethrowShortage } from './shortage.js';

type Code = ImageFailure['code'];

const REASONS: Readonly<Record<string, readonly [Code, string]>> = {
  ENOENT: ['not_found', 'no such file or folder'],
  ENOTDIR: ['not_found', 'no such file: a part of the path is not a folder'],
  EISDIR: ['read_failed', 'it is a folder, not a file'],
  EACCES: ['permission', 'permission denied'],
  EPERM: ['permission', 'operation not permitted'],
  ENAMETOOLONG: ['invalid_name', 'the path, or a name in it, is longer than the system allows'],
  ELOOP: ['symlink_loop', 'the symbolic link leads back to itself'],
};

/**
 * Returns the failure of an input for an error of a file operation; the message never contains the path.
 *
 * @throws ShortageError if too many files are open, which says nothing about the input
 */
export function fileFailure(error: unknown): ImageFailure {
  rethrowShortage(error);
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const [code, message] = REASONS[systemCode] ?? ['read_failed', `cannot be read (${systemCode})`];
  return { code, message };
}
