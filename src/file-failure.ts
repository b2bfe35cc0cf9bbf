import type { ImageFailure } from './errors.js';
import { rethrowShortage } from './shortage.js';
import { systemReason } from './system-reason.js';

type Code = ImageFailure['code'];

const CODES: Readonly<Record<string, Code>> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EISDIR: 'read_failed',
  EACCES: 'permission',
  EPERM: 'permission',
  ENAMETOOLONG: 'invalid_name',
  ELOOP: 'symlink_loop',
};

/**
 * Returns the failure of an input for an error of a file operation; the message never contains the path.
 *
 * @throws ShortageError if too many files are open, which says nothing about the input
 */
export function fileFailure(error: unknown): ImageFailure {
  rethrowShortage(error);
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const code = CODES[systemCode];
  if (code === undefined) return { code: 'read_failed', message: `cannot be read (${systemCode})` };
  return { code, message: systemReason(error) };
}
