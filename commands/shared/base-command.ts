import { Command, Errors } from '@oclif/core';
import { HalonetError, OutputClosedError, TooManyFailures } from '../../src/errors.js';
import { Interrupted } from './interruption.js';

/** Exit codes, as in JOB_DESCRIPTION. */
export const FAILED = 1;
const COULD_NOT_RUN = 2;

/** A command that says what failed in one line, what to do next in another, and ends with the exit code for it. */
export abstract class BaseCommand extends Command {
  /** What an interruption leaves, in a few words. */
  protected leaves = "nothing was written under an output's name";

  /** What an error leaves to go on from, in a sentence. */
  protected goOn: string | undefined;

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof OutputClosedError) return; // the reader has all it wanted, as with `| head`
    if (error instanceof Interrupted) {
      this.logToStderr(`${error.message}; ${this.leaves}`);
      process.exitCode = error.exitCode;
      return;
    }
    const usage = error instanceof Errors.CLIError; // what oclif says of arguments and flags
    if (!usage && !(error instanceof HalonetError)) {
      throw Object.assign(error, { oclif: { exit: COULD_NOT_RUN } }); // a defect: with its stack
    }
    const hint = error instanceof HalonetError ? error.hint : `See ${this.config.bin} ${this.id} --help.`;
    this.logToStderr(`error: ${oneLine(error.message)}`);
    if (hint !== undefined) this.logToStderr(`  ${hint}`);
    if (this.goOn !== undefined) this.logToStderr(`  ${this.goOn}`);
    process.exitCode = error instanceof TooManyFailures ? FAILED : COULD_NOT_RUN;
  }
}

/** oclif spreads what it says of a flag over lines and points at --help in the last. */
function oneLine(message: string): string {
  return message
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/^The following error occurred:\s+/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .trimEnd();
}
