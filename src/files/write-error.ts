import { OutputClosedError, OutputError } from '../errors.js';
import { systemReason } from '../system-reason.js';

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

/** Returns the `code` of a system or stream error (`ENOSPC`); '' if it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

// Codes of failed system calls, and Node's own for files and streams; its other codes (`ERR_INVALID_ARG_TYPE`) indicate bugs.
const OF_SYSTEM = /^(E[A-Z0-9]+|UNKNOWN|ERR_(FS|STREAM|SOCKET)_\w+)$/;

/** A system error from reading a file for an output; `attempt` adds the name of the output. */
export class ReadFailure extends Error {
  override readonly name = 'ReadFailure';

  constructor(cause: unknown) {
    super(systemReason(cause), { cause });
  }
}

/**
 * Reads a file for an output, so a failure is reported as one of reading, not of writing.
 * @throws {ReadFailure} for any error
 */
export async function reading<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new ReadFailure(error);
  }
}

/**
 * Runs an action on the files or stream of an output, and turns system errors into messages for the user.
 *
 * @param output the name for messages
 * @throws {OutputError} with the output, the system's reason and a hint; OutputClosedError if the reader closed the pipe
 * @throws other errors unchanged
 */
export async function attempt<T>(output: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw outputFailure(output, error);
  }
}

/** Returns the error that `attempt` throws for an error. */
export function outputFailure(output: string, error: unknown): unknown {
  if (error instanceof ReadFailure) return cannot('read', output, error.cause, READING);
  const code = errorCode(error);
  if (CLOSED.has(code))
    return new OutputClosedError(`the reader of ${output} closed the pipe`, { cause: error });
  return OF_SYSTEM.test(code) ? cannot('write', output, error, WRITING) : error;
}

function cannot(deed: string, output: string, cause: unknown, hints: Hints): OutputError {
  return new OutputError(`cannot ${deed} ${output}: ${systemReason(cause)}`, {
    cause,
    hint: hints[errorCode(cause)],
  });
}
