// commands/support/: shared by commands: base commands, signals, failures, facts about the machine

import { Command, Errors } from '@oclif/core';
import { OutputClosedError, TooManyFailures } from '../../src/errors.js';
import { escapeControlsInLines, escapedJson } from '../report/escape-controls.js';
import { standardError } from '../report/standard-error.js';
import { terminalWidth } from '../report/terminal-width.js';
import { COULD_NOT_RUN, type ExitCodes, FAILED, PLAIN_EXIT_CODES } from './exit-codes.js';
import { failureOf } from './failure.js';
import { Interrupted } from './interruption.js';
import { type CalledCommand, usageFailure } from './usage-error.js';

/** A command that reports a failure in one line and what to do next in another, and exits with the matching code. */
export abstract class BaseCommand extends Command {
  static override examples: { readonly description: string; readonly command: string }[] = [];

  static exitCodes: ExitCodes = PLAIN_EXIT_CODES;

  /** What remains after an interruption, in a few words. */
  protected outcome = 'no output was written';

  /** How to continue after an error, in a sentence. */
  protected nextStep: string | undefined;

  protected override async init(): Promise<void> {
    standardError.isJson = false;
    await super.init();
  }

  /** Prints text for people on standard output, with terminal control characters neutralised. */
  override log(text = ''): void {
    standardError.clear();
    super.log(escapeControlsInLines(text));
  }

  /** Prints a value for programs. */
  override logJson(value: unknown): void {
    standardError.clear();
    super.log(escapedJson(value));
  }

  /** The width of the terminal on standard output; undefined if it is no terminal. */
  protected get width(): number | undefined {
    return terminalWidth(process.stdout);
  }

  override logToStderr(text = ''): void {
    standardError.print(text);
  }

  /** What usage errors say about this command. */
  protected get called(): CalledCommand {
    const { flags, examples } = this.ctor as typeof BaseCommand;
    return { help: `${this.config.bin} ${this.id} --help`, example: examples[0]?.command, flags };
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof OutputClosedError) return; // the reader closed the pipe, as with `| head`
    if (error instanceof Interrupted) {
      process.exitCode = error.exitCode;
      standardError.printInterruption(error.signal, `${error.message}: ${this.outcome}`, error.exitCode);
      return;
    }
    const failure = failureOf(error);
    process.exitCode = error instanceof TooManyFailures ? FAILED : COULD_NOT_RUN;
    if (failure === undefined) throw error; // a defect
    const isUsage = error instanceof Errors.CLIError; // oclif's errors about arguments and flags
    const reported = isUsage ? usageFailure(error, failure.message, this.called) : failure;
    standardError.printFailure({ ...reported, next: this.nextStep }, process.exitCode);
  }
}
