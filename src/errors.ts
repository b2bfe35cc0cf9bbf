/**
 * An error that ends the run: a bad model, flag or output (never a bad image, which is a row).
 * `message` says what, where, expected and received; `hint` says what to do next.
 */
export class HalonetError extends Error {
  override readonly name: string = 'HalonetError';
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** A file that violates its format: truncated, overlapping, wrong type. */
export class FormatError extends HalonetError {
  override readonly name: string = 'FormatError';
}

/** A file that ends before its format says that it does. */
export class TruncatedError extends FormatError {
  override readonly name = 'TruncatedError';
}

/** A checkpoint or model configuration that cannot be built: unknown field, wrong, missing or surplus tensor. */
export class ModelError extends HalonetError {
  override readonly name = 'ModelError';
}

/** Inputs that can only be a mistake: they do not exist, or lead to no image. */
export class InputError extends HalonetError {
  override readonly name = 'InputError';
}

/** An output that cannot be written: it exists, its format cannot hold the data, a write fails. */
export class OutputError extends HalonetError {
  override readonly name: string = 'OutputError';
}

/** The path of a lock file holds something else, which must not be taken over or removed. */
export class LockForeign extends HalonetError {
  override readonly name = 'LockForeign';

  /** @param what the path holds: `a folder` */
  constructor(path: string, what: string) {
    super(`${path} is reserved for a lock file, but ${what} is there that halonet did not create`, {
      hint: 'Move it away, or choose another name for what is written.',
    });
  }
}

/**
 * The reader closed the pipe (`| head`); thrown by the `write` or `commit` that notices. The command stops quietly, because
 * nothing is left to read its output.
 */
export class OutputClosedError extends OutputError {
  override readonly name = 'OutputClosedError';
}

/** More images have failed than a job allows. */
export class TooManyFailures extends HalonetError {
  override readonly name = 'TooManyFailures';
}

/** A hub repository or cache that cannot be read: no network, no such repository, wrong hash. */
export class HubError extends HalonetError {
  override readonly name: string = 'HubError';
}

/** The repository exists, but lacks a file. */
export class HubFileMissingError extends HubError {
  override readonly name = 'HubFileMissingError';
}

/**
 * Why an image has no result, as stable codes for scripts to branch on. Ledgers store the index of a code, so add new codes at
 * the end, and never move or remove one.
 */
export const FAILURE_CODES = [
  'not_found',
  'permission',
  'read_failed',
  'symlink_loop',
  'empty_file',
  'unsupported_format',
  'decode_failed',
  'too_large',
  'truncated',
  'timeout',
  'crashed',
  'invalid_name',
  'invalid_crop',
  'network',
] as const;

/** Why one image has no result. It is data: the row's error cell. */
export interface ImageFailure {
  readonly code: (typeof FAILURE_CODES)[number];
  readonly message: string; // one line, no path
}
