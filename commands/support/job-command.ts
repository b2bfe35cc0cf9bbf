import { homedir } from 'node:os';
import { counted } from '../../src/counted.js';
import type { JobOptions } from '../../src/job/options.js';
import { evaluationOverrides, type SharedFlags } from '../flags/flags.js';
import { deviceLine } from '../report/device-line.js';
import { Progress } from '../report/progress.js';
import { standardError } from '../report/standard-error.js';
import { calibrationLine, failedImages, summaryText } from '../report/summary.js';
import { BaseCommand, FAILED } from './base-command.js';
import { host } from './host.js';
import { abortOnSignals } from './interruption.js';
import { keepHeapSmall, thisMachine } from './machine.js';
import { refuseList } from './standard-input.js';

/** What a command adds to the shared flags: the model outputs it needs, and how rows become files. */
export type JobPart = Pick<JobOptions, 'outputs' | 'layout'> & Pick<JobOptions['output'], 'arrangement'>;

function modeOf({ retry, resume, sync, overwrite }: SharedFlags): JobOptions['output']['mode'] {
  if (retry !== undefined) return 'retry';
  if (sync) return 'sync';
  if (resume) return 'resume';
  return overwrite ? 'overwrite' : 'new';
}

/**
 * A command that runs one job: from flags to options, and from what happens to messages and exit codes.
 * 0: all done. 1: finished with failed images. 2: could not run. 129, 130, 143: interrupted.
 */
export abstract class JobCommand extends BaseCommand {
  protected async runJob(
    flags: SharedFlags,
    inputs: readonly string[],
    { outputs, layout, arrangement }: JobPart,
  ): Promise<void> {
    if (flags.retry === undefined) refuseList(inputs, flags);
    // A line drawn again and again would mix with rows on the same terminal.
    const rowsOnTerminal = flags.output === '-' && process.stdout.isTTY;
    const progress = new Progress(standardError, flags.quiet || rowsOnTerminal);
    const { signal, release } = abortOnSignals();
    const counting = new AbortController();
    let totalling: Promise<void> | undefined;
    let total: number | undefined;
    const setTotal = (inputs: number | undefined) => {
      total = inputs;
      progress.setTotal(inputs);
    };
    const checksSpace = flags['check-space'] && flags.output !== '-';
    if (!flags['dry-run']) process.stdout.removeAllListeners('error'); // oclif's would turn a full disk into a crash; the sink reports it
    signal.addEventListener('abort', () => {
      if (!flags.quiet) this.logToStderr('stopping after the batch under way; a second signal stops at once');
      if (inputs.includes('-')) process.stdin.destroy(); // a read that waits would hold the run
    });
    try {
      this.leaves =
        flags.output === '-'
          ? 'printed rows are incomplete; a run with --output can be gone on with'
          : 'no output was changed';
      const { runJob } = await import('../../src/job/job.js');
      const { countInputs } = await import('../../src/job/walk-images.js');
      const { hubSettingsFromEnv } = await import('../../src/hub/settings.js');
      progress.note(`loading ${flags.model}`);
      const job: JobOptions = {
        ...{ outputs, layout },
        output: {
          ...{ output: flags.output, arrangement, mode: modeOf(flags) },
          ...{ stdout: process.stdout, checkpointSeconds: flags.checkpoint },
        },
        failureLimit: flags['fail-fast'] ? { count: 0 } : flags['max-failures'],
        decodeSeconds: flags['decode-timeout'],
        invocation: {
          versions: { halonet: this.config.version, node: process.versions.node },
          command: flags.retry ?? [this.id ?? '', ...this.argv],
          folder: process.cwd(),
        },
        ...{ inputs, allowEmpty: flags['allow-empty'], signal, threads: flags.threads },
        inputCount: checksSpace ? () => total : undefined,
        ...{ batchSize: flags['batch-size'], decoders: flags.decoders, machine: thisMachine() },
        ...{ device: { name: flags.device, id: flags['device-id'] }, host: host() },
        ...{ model: flags.model, architecture: flags.architecture },
        stdin: () => process.stdin,
        nul: flags.null,
        hub: hubSettingsFromEnv(process.env, homedir()),
        preprocessing: {
          ...evaluationOverrides(flags),
          autoOrient: flags['auto-orient'],
          decode: flags.decode,
          ...{ maxPixels: flags['max-pixels'], failOn: flags['fail-on'] },
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
          if (!flags.quiet) this.logToStderr(calibrationLine(model));
        },
        onStart: (opened, { rows }) => {
          progress.begin(rows);
          keepHeapSmall();
          const line = deviceLine(opened);
          if (line !== undefined && !flags.quiet) this.logToStderr(line);
          const typed = inputs.includes('-') && process.stdin.isTTY;
          if (typed && !flags.quiet)
            this.logToStderr('reading paths from the terminal, one a line; Ctrl-D ends');
          if (flags.retry === undefined && (progress.active || checksSpace))
            totalling = countInputs(inputs, counting.signal).then(setTotal, () => {});
        },
        onRow: (failed, stored) => progress.image(failed, stored),
        onFinish: () => progress.note('completing the files'),
        onLeave: (rows) => {
          if (rows === 0) return;
          const next = flags.retry === undefined ? 'the same command with --resume' : 'the same retry';
          const kept = `${counted(rows, 'row')} so far ${rows === 1 ? 'is' : 'are'} kept`;
          this.leaves = `${kept}, and ${next} goes on`;
          this.goOn = `${kept}: ${next} goes on.`;
        },
        onNote: (note) => {
          if (!flags.quiet) this.logToStderr(note);
        },
      };
      if (flags['dry-run']) return await this.#printPlan(job);
      const summary = await runJob(job);
      if (!flags.quiet) this.logToStderr(summaryText(summary, flags.output));
      if (failedImages(summary) > 0) process.exitCode = FAILED;
    } finally {
      counting.abort();
      await totalling;
      if (inputs.includes('-')) process.stdin.destroy(); // unread paths would hold the process
      progress.clear();
      release();
    }
  }

  async #printPlan(job: JobOptions): Promise<void> {
    const { planJob } = await import('../../src/job/dry-run.js');
    const { planText } = await import('../report/plan-text.js');
    this.leaves = 'nothing was written';
    const plan = await planJob({ ...job, onMeasure: () => {} }); // which tells of the list on standard input
    this.log(planText(plan));
    if (plan.refusal !== undefined) throw plan.refusal;
  }
}
