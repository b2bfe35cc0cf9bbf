import { homedir } from 'node:os';
import type { JobOptions } from '../../src/pipeline/job.js';
import { BaseCommand } from './base-command.js';
import { deviceLine } from './device-line.js';
import { evaluationOverrides, type SharedFlags } from './flags.js';
import { host } from './host.js';
import { abortOnSignals } from './interruption.js';
import { keepHeapSmall, thisMachine } from './machine.js';
import { Progress } from './progress.js';
import { calibrationLine, failedImages, summaryLine } from './summary.js';

const FAILED_IMAGES = 1;

/** What a command adds to the shared flags: the model outputs it needs and where their rows go. */
export type JobPart = Pick<JobOptions, 'outputs' | 'checkOutput' | 'openSink'>;

/**
 * A command that runs one job: from flags to options, and from what happens to messages and exit codes.
 * 0: all done. 1: finished with failed images. 2: could not run. 129, 130, 143: interrupted.
 */
export abstract class JobCommand extends BaseCommand {
  protected override readonly leaves =
    "nothing was written under an output's name, and printed rows are incomplete";

  protected async runJob(flags: SharedFlags, inputs: readonly string[], part: JobPart): Promise<void> {
    // A line drawn again and again would mix with rows on the same terminal.
    const rowsOnTerminal = flags.output === '-' && process.stdout.isTTY;
    const progress = new Progress(process.stderr, flags.quiet || rowsOnTerminal);
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
        ...{ inputs, signal, threads: flags.threads },
        ...{ batchSize: flags['batch-size'], decoders: flags.decoders, machine: thisMachine() },
        ...{ device: { name: flags.device, id: flags['device-id'] }, host: host() },
        ...{ model: flags.model, architecture: flags.architecture },
        stdin: () => process.stdin,
        hub: hubSettingsFromEnv(process.env, homedir()),
        preprocessing: {
          ...evaluationOverrides(flags),
          autoOrient: flags['auto-orient'],
          decode: flags.decode,
        },
        ...{ precision: flags.precision, calibration: flags.calibration },
        onDownload: (download) => progress.download(download),
        onMeasure: () => {
          progress.note('measuring the model for int8');
          if (!flags.quiet && inputs.includes('-') && flags.calibration === undefined)
            this.logToStderr(
              'int8: reading paths to measure the model on; --calibration FOLDER does without',
            );
        },
        onCalibrated: (model) => {
          progress.clear();
          if (!flags.quiet) this.logToStderr(calibrationLine(model));
        },
        onStart: (opened) => {
          progress.begin();
          keepHeapSmall();
          const line = deviceLine(opened);
          if (line !== undefined && !flags.quiet) this.logToStderr(line);
          const typed = inputs.includes('-') && process.stdin.isTTY;
          if (typed && !flags.quiet)
            this.logToStderr('reading paths from the terminal, one a line; Ctrl-D ends');
          if (progress.active) counted = countInputs(inputs, counting.signal).then(setTotal, () => {});
        },
        onRow: (failed) => progress.image(failed),
        onNote: (note) => {
          progress.clear();
          if (!flags.quiet) this.logToStderr(note);
        },
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
}
