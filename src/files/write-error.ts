import { HalonetError, OutputClosedError, OutputError } from '../errors.js';

// EPIPE and ECONNRESET from the system (EOF on Windows), the rest from Node's streams.
const CLOSED = new Set([
  'EPIPE',
  'ECONNRESET',
  'EOF',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

const FULL = 'Free some space, or write to another disk.';
const FORBIDDEN = 'Choose a folder that you may write in.';
const MANY_FILES = 'Too many files are open: raise the limit (ulimit -n), or end other programs.';

type Hints = Readonly<Record<string, string>>;

const WRITING: Hints = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: 'The file system or a limit (ulimit -f) refuses files of this size: write to another disk.',
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  ENOENT: 'Choose a folder that files can be created in.',
  EMFILE: MANY_FILES,
  ENFILE: MANY_FILES,
  ENAMETOOLONG: 'Choose a shorter name.',
  EIO: 'The disk reports a fault: write to another one.',
};

const UNREADABLE = 'Ask for permission to read it.';

const READING: Hints = {
  EACCES: UNREADABLE,
  EPERM: UNREADABLE,
  ENOENT: 'It was there before: see whether something else moves or removes it.',
  EMFILE: MANY_FILES,
  ENFILE: MANY_FILES,
  ENOSPC: 'Free some space.',
  EIO: 'The disk reports a fault: check it.',
};

export type Deed = 'write' | 'read';

/** The `code` of a system or stream error (`ENOSPC`), '' where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * What a failed file or stream operation on `output` means to the user: OutputClosedError where the
 * reader went away, else an OutputError with the path, the system's reason and a hint.
 * A HalonetError passes through unchanged.
 */
export function writeError(output: string, cause: unknown, deed: Deed = 'write'): HalonetError {
  if (cause instanceof HalonetError) return cause;
  const code = errorCode(cause);
  if (CLOSED.has(code)) return new OutputClosedError(`The reader of ${output} is gone.`, { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hint = (deed === 'read' ? READING : WRITING)[code];
  return new OutputError(`Cannot ${deed} ${output}: ${reason}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Does a file operation on behalf of `output`, with its failure worded by `writeError`. */
export async function attempt<T>(output: string, action: () => Promise<T>, deed?: Deed): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeError(output, error, deed);
  }
}
