import { getSystemErrorMap } from 'node:util';

/** Returns why a system call failed, in plain words, without its code or a path; the message of any other error. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error && typeof error.errno === 'number' ? -Math.abs(error.errno) : 0;
  const [, words] = getSystemErrorMap().get(number) ?? [];
  return words ?? error.message.replace(/^E[A-Z0-9]+: /, '');
}
