import { HalonetError } from './errors.js';

/**
 * The system is out of file descriptors, threads or processes. That says nothing about the file or image being processed, so
 * it ends the run and never becomes a row.
 */
export class ShortageError extends HalonetError {
  override readonly name = 'ShortageError';
}

const SHORTAGES: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  EMFILE: [
    'the limit of open files is too low for halonet (EMFILE)',
    'ulimit -Hn shows the limit; 1024 is enough. Raise it where it was set: in a new shell, in limits.conf, or with docker run --ulimit nofile=1024.',
  ],
  ENFILE: [
    'the whole system has too many files open (ENFILE)',
    'End other programs, or raise the limit: sysctl fs.file-max on Linux, kern.maxfiles on macOS.',
  ],
};

// An error from another thread has lost its code; one about a thread that failed to start has the code in its message.
const IN_MESSAGE = /^(?:Worker initialization failure: )?(EMFILE|ENFILE)\b/;

/** Returns an error as a ShortageError if it is about too many open files; undefined otherwise. */
export function shortageOf(error: unknown): ShortageError | undefined {
  if (error instanceof ShortageError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const [message, hint] = SHORTAGES[code] ?? SHORTAGES[IN_MESSAGE.exec(error.message)?.[1] ?? ''] ?? [];
  if (message === undefined || hint === undefined) return undefined;
  return new ShortageError(message, { hint, cause: error });
}

/** @throws ShortageError if `error` is about too many open files */
export function rethrowShortage(error: unknown): void {
  const shortage = shortageOf(error);
  if (shortage !== undefined) throw shortage;
}
