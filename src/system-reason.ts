import { getSystemErrorMap } from 'node:util';

/** Reasons that the system words for programmers. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file: a part of the path is not a folder',
  EISDIR: 'it is a folder, not a file',
  ENAMETOOLONG: 'the path, or a name in it, is longer than the system allows',
  ELOOP: 'the symbolic link leads back to itself',
};

/** Returns why a system call failed, in plain words, without its code or a path; the message of any other error. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = 'code' in error ? REASONS[String(error.code)] : undefined;
  if (own !== undefined) return own;
  const number = 'errno' in error && typeof error.errno === 'number' ? -Math.abs(error.errno) : 0;
  const [, words] = getSystemErrorMap().get(number) ?? [];
  return words ?? error.message.replace(/^E[A-Z0-9]+: /, '');
}
