// commands/support/: what commands stand on: base commands, signals, failures, facts about the machine

import { Command, Errors } from '@oclif/core';
import { OutputClosedError, TooManyFailures } from '../../src/errors.js';
import { unknownFlags, unknownFlagsText } from '../flags/unknown-flag.js';
import { standardError } from '../report/standard-error.js';
import { terminalWidth } from '../report/terminal-width.js';
import { visibleJson, visibleLines } from '../report/visible.js';
import { type ExitCodes, PLAIN_EXIT_CODES } from './exit-codes.js';
import { failureOf, sayFailure } from './failure.js';
import { Interrupted } from './interruption.js';

export const FAILED = 1;
const COULD_NOT_RUN = 2;

/** A command that says what failed in one line, what to do next in another, and ends with the exit code for it. */
export abstract class BaseCommand extends Command {
  static override examples: { readonly description: string; readonly command: string }[] = [];

  static exitCodes: ExitCodes = PLAIN_EXIT_CODES;

  /** What an interruption leaves, in a few words. */
  protected leaves = 'no output was written';

  /** What an error leaves to go on from, in a sentence. */
  protected goOn: string | undefined;

  /** Prints text for people on standard output, with nothing in it that could steer a terminal. */
  override log(text = ''): void {
    standardError.clear();
    super.log(visibleLines(text));
  }

  /** Prints a value for programs. */
  override logJson(value: unknown): void {
    standardError.clear();
    super.log(visibleJson(value));
  }

  /** The width of the terminal on standard output; undefined where there is none. */
  protected get width(): number | undefined {
    return terminalWidth(process.stdout);
  }

  override logToStderr(text = ''): void {
    standardError.say(text);
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof OutputClosedError) return; // the reader has all it wanted, as with `| head`
    if (error instanceof Interrupted) {
      this.logToStderr(`${error.message}; ${this.leaves}`);
      process.exitCode = error.exitCode;
      return;
    }
    const failure = failureOf(error);
    if (failure === undefined) throw error; // a defect
    const unknown = unknownFlags(error);
    const message = unknown === undefined ? failure.message : unknownFlagsText(unknown, this.ctor.flags);
    const isUsage = error instanceof Errors.CLIError; // what oclif says of arguments and flags
    sayFailure({ message, hint: isUsage ? `See ${this.config.bin} ${this.id} --help.` : failure.hint });
    if (this.goOn !== undefined) this.logToStderr(`  ${this.goOn}`);
    process.exitCode = error instanceof TooManyFailures ? FAILED : COULD_NOT_RUN;
  }
}
