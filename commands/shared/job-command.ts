import { homedir } from 'node:os';
import { Command, Errors } from '@oclif/core';
import { HalonetError, OutputClosedError } from '../../src/errors.js';
import type { JobOptions } from '../../src/pipeline/job.js';
import type { SharedFlags } from './flags.js';
import { abortOnSignals, Interrupted } from './interruption.js';
import { Progress } from './progress.js';
import { failedImages, summaryLine } from './summary.js';

const FAILED_IMAGES = 1;
const COULD_NOT_RUN = 2;

/** What a command adds to the shared flags: the model outputs it needs and where their rows go. */
export type JobPart = Pick<JobOptions, 'outputs' | 'checkOutput' | 'openSink'>;

/**
 * A command that runs one job: from flags to options, and from what happens to messages and exit codes.
 * 0: all done. 1: finished with failed images. 2: could not run. 129, 130, 143: interrupted.
 */
export abstract class JobCommand extends Command {
  protected async runJob(flags: SharedFlags, inputs: readonly string[], part: JobPart): Promise<void> {
    const progress = new Progress(process.stderr, flags.quiet);
    const { signal, release } = abortOnSignals();
    const counting = new AbortController();
    let counted: Promise<void> | undefined;
    const setTotal = (total: number | undefined) => progress.setTotal(total);
    process.stdout.removeAllListeners('error'); // oclif's would turn a full disk into a crash; the sink reports it
    signal.addEventListener('abort', () => {
      if (inputs.includes('-')) process.stdin.destroy(); // a read that waits would hold the run
    });
    try {
      const { countInputs, runJob } = await import('../../src/pipeline/job.js');
      const { hubSettingsFromEnv } = await import('../../src/hub/settings.js');
      progress.note(`loading ${flags.model}`);
      const summary = await runJob({
        ...part,
        ...{ inputs, signal, model: flags.model, threads: flags.threads, batchSize: flags['batch-size'] },
        stdin: () => process.stdin,
        hub: hubSettingsFromEnv(process.env, homedir()),
        preprocessing: {
          imageSize: flags['image-size'],
          cropPct: flags['crop-pct'],
          cropMode: flags['crop-mode'],
          interpolation: flags.interpolation,
          mean: flags.mean,
          std: flags.std,
          autoOrient: flags['auto-orient'],
        },
        onDownload: (download) => progress.download(download),
        onStart: () => {
          progress.begin();
          const typed = inputs.includes('-') && process.stdin.isTTY;
          if (typed && !flags.quiet)
            this.logToStderr('reading paths from the terminal, one a line; Ctrl-D ends');
          if (progress.active) counted = countInputs(inputs, counting.signal).then(setTotal, () => {});
        },
        onRow: (failed) => progress.image(failed),
      });
      progress.clear();
      if (!flags.quiet) this.logToStderr(summaryLine(summary, flags.output));
      if (failedImages(summary) > 0) process.exitCode = FAILED_IMAGES;
    } finally {
      counting.abort();
      await counted;
      if (inputs.includes('-')) process.stdin.destroy(); // unread paths would hold the process
      progress.clear();
      release();
    }
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof OutputClosedError) return; // the reader has all it wanted, as with `| head`
    if (error instanceof Interrupted) {
      this.logToStderr(
        `${error.message}; nothing was written under an output's name, and printed rows are incomplete`,
      );
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
    process.exitCode = COULD_NOT_RUN;
  }
}

/** oclif spreads what it says of a flag over lines and points at --help in the last. */
function oneLine(message: string): string {
  return message
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .trimEnd();
}
