import { stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import { HalonetError } from '../../src/errors.js';
import { shortageOf } from '../../src/shortage.js';
import { standardError } from '../report/standard-error.js';
import { visible } from '../report/visible.js';

/** What somebody is told of an error that they can do something about. */
export interface Failure {
  readonly message: string;
  readonly hint: string | undefined; // what to do next
}

/** undefined for a defect */
export function failureOf(error: unknown): Failure | undefined {
  const known = shortageOf(error) ?? error;
  if (known instanceof HalonetError) return { message: visible(unframed(known.message)), hint: known.hint };
  if (error instanceof Errors.CLIError)
    return { message: unframed(stripVTControlCharacters(error.message)), hint: undefined }; // oclif colours it
  if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
    return { message: `halonet cannot be loaded: ${visible(error.message)}`, hint: NOT_LOADED };
  return undefined;
}

// With too few open files Node says, too, that it cannot find what is there.
const NOT_LOADED =
  'Install halonet again, or raise the limit of open files, which ulimit -Hn shows: 1024 is enough.';

/** Says what failed in one line, and what to do next in another; of a defect where it is. */
export function reportFailure(error: unknown): void {
  const failure = failureOf(error);
  if (failure === undefined) standardError.sayError(`this is a defect of halonet: ${stackOf(error)}`);
  else sayFailure(failure);
}

export function sayFailure({ message, hint }: Failure): void {
  standardError.sayError(message);
  if (hint !== undefined) standardError.say(`  ${visible(hint)}`);
}

/** oclif spreads what is wrong with a flag over lines, whoever says it, and points at --help in the last. */
function unframed(message: string): string {
  return message
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/^The following error occurred:\s+/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .trimEnd();
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
