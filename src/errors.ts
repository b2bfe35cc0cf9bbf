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

/** A file that is not what its format says: truncated, overlapping, wrong type. */
export class FormatError extends HalonetError {
  override readonly name = 'FormatError';
}

/** A checkpoint or model configuration that cannot be built: unknown field, wrong, missing or surplus tensor. */
export class ModelError extends HalonetError {
  override readonly name = 'ModelError';
}

/** Inputs that cannot be meant: they do not exist, or lead to no image. */
export class InputError extends HalonetError {
  override readonly name = 'InputError';
}

/** An output that cannot be written: it exists, its format does not hold the data, the disk refuses. */
export class OutputError extends HalonetError {
  override readonly name: string = 'OutputError';
}

/** What stands at the path of a lock file is none, so that it must not be taken over and removed. */
export class LockForeign extends HalonetError {
  override readonly name = 'LockForeign';

  /** @param what stands there: `a folder` */
  constructor(path: string, what: string) {
    super(
      `${path} is where a lock file would be made, but ${what} stands there that is no lock of halonet.`,
      {
        hint: 'Move it away, or choose another name for what is written.',
      },
    );
  }
}

/**
 * The reader of a pipe went away (`| head`), thrown by the `write` or `commit` that notices.
 * Nobody is left to read: the command stops quietly instead of reporting it.
 */
export class OutputClosedError extends OutputError {
  override readonly name = 'OutputClosedError';
}

/** More images have failed than a job was told to take. */
export class TooManyFailures extends HalonetError {
  override readonly name = 'TooManyFailures';
}

/** A hub repository or cache that cannot be read: no network, no such repository, wrong hash. */
export class HubError extends HalonetError {
  override readonly name: string = 'HubError';
}

/** The repository is there, but a file of it is not. */
export class HubFileMissingError extends HubError {
  override readonly name = 'HubFileMissingError';
}

/**
 * Why an image has no result, as stable codes for scripts to branch on. Files hold the index of a code: new ones are added
 * at the end, none is moved or removed.
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
] as const;

/** Why one image has no result. It is data: it becomes the row's error cell. */
export interface ImageFailure {
  readonly code: (typeof FAILURE_CODES)[number];
  readonly message: string; // one line, no path
}
