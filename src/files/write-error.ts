import { OutputClosedError, OutputError } from '../errors.js';

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

/** The `code` of a system or stream error (`ENOSPC`), '' where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

// Of failed system calls, and what Node itself says of files and streams; its other codes (`ERR_INVALID_ARG_TYPE`) tell of defects.
const OF_SYSTEM = /^(E[A-Z0-9]+|UNKNOWN|ERR_(FS|STREAM|SOCKET)_\w+)$/;

/** The system's error where something could not be read for an output, which `attempt` names. */
export class ReadFailure extends Error {
  override readonly name = 'ReadFailure';

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/**
 * Reads something for an output that is written, so that its failure is worded as one of reading.
 * @throws {ReadFailure} whatever goes wrong
 */
export async function reading<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new ReadFailure(error);
  }
}

/**
 * Does something with the files or the stream of an output, and words what the system says where that fails.
 *
 * @param output in messages
 * @throws {OutputError} with the output, the system's reason and a hint; OutputClosedError where its reader went away
 * @throws as it is, what is no error of a file or stream
 */
export async function attempt<T>(output: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw outputFailure(output, error);
  }
}

/** What an error means for an output, as `attempt` throws it. */
export function outputFailure(output: string, error: unknown): unknown {
  if (error instanceof ReadFailure) return cannot('read', output, error.cause, READING);
  const code = errorCode(error);
  if (CLOSED.has(code))
    return new OutputClosedError(`The reader of ${output} closed the pipe.`, { cause: error });
  return OF_SYSTEM.test(code) ? cannot('write', output, error, WRITING) : error;
}

function cannot(deed: string, output: string, cause: unknown, hints: Hints): OutputError {
  return new OutputError(`Cannot ${deed} ${output}: ${messageOf(cause)}`, {
    cause,
    hint: hints[errorCode(cause)],
  });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
