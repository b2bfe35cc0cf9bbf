import { stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import { HalonetError } from '../../src/errors.js';
import { shortageOf } from '../../src/shortage.js';
import { standardError } from '../report/standard-error.js';
import { COULD_NOT_RUN } from './exit-codes.js';

/** The report of an error that the user can act on. */
export interface Failure {
  readonly message: string;
  readonly hint: string | undefined; // what to do next
}

/** Returns undefined for a defect. */
export function failureOf(error: unknown): Failure | undefined {
  const known = shortageOf(error) ?? error;
  if (known instanceof HalonetError) return { message: unframed(known.message), hint: known.hint };
  if (error instanceof Errors.CLIError)
    return { message: unframed(stripVTControlCharacters(error.message)), hint: undefined }; // oclif colours its messages
  if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
    return { message: `halonet cannot be loaded: ${error.message}`, hint: NOT_LOADED };
  return undefined;
}

// With too few open files, Node also reports existing modules as missing.
const NOT_LOADED =
  'Install halonet again, or raise the limit of open files, which ulimit -Hn shows: 1024 is enough.';

/** Formats a failure as one line, with what to do next in another; a defect with its stack trace. */
export function reportFailure(error: unknown): void {
  const failure = failureOf(error);
  if (failure !== undefined) standardError.printFailure(failure, COULD_NOT_RUN);
  else standardError.printDefect(stackOf(error), COULD_NOT_RUN);
}

/** Reports that the process ends although the command has not, and nothing says why. */
export function reportUnfinished(): void {
  const failure = { message: 'halonet stopped before it was done', hint: undefined };
  standardError.printFailure(failure, COULD_NOT_RUN);
}

/** Joins oclif's multi-line flag errors, and drops its last line, which points at --help. */
function unframed(message: string): string {
  return message
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/^The following error occurred:\s+/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .trimEnd();
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
