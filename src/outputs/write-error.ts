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

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: 'The file system or a limit (ulimit -f) refuses files of this size: write to another disk.',
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  ENOENT: 'Choose a folder that files can be created in.',
  ENAMETOOLONG: 'Choose a shorter name.',
  EIO: 'The disk reports a fault: write to another one.',
};

/** The `code` of a system or stream error (`ENOSPC`), '' where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * What a failed file or stream operation on `output` means to the user: OutputClosedError where the
 * reader went away, else an OutputError with the path, the system's reason and a hint.
 * A HalonetError passes through unchanged.
 */
export function writeError(output: string, cause: unknown): HalonetError {
  if (cause instanceof HalonetError) return cause;
  const code = errorCode(cause);
  if (CLOSED.has(code)) return new OutputClosedError(`The reader of ${output} is gone.`, { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hint = HINTS[code];
  return new OutputError(`Cannot write ${output}: ${reason}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Does a file operation on behalf of `output`, with its failure worded by `writeError`. */
export async function attempt<T>(output: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeError(output, error);
  }
}
