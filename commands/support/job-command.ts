import { homedir } from 'node:os';
import { shownAddress } from '../../src/address.js';
import { counted } from '../../src/counted.js';
import { InputError } from '../../src/errors.js';
import type { JobEvent } from '../../src/job/events.js';
import type { FileJobOptions, FileOutput } from '../../src/job/options.js';
import type { SharedFlags } from '../flags/flags.js';
import { type JobRequest, jobOptions } from '../flags/job-options.js';
import { progressKind, reporterFor } from '../report/choose-reporter.js';
import { MetricsFile } from '../report/metrics-file.js';
import type { Reporter } from '../report/reporter.js';
import { standardError } from '../report/standard-error.js';
import { failedImages } from '../report/summary.js';
import type { WrittenFile } from '../report/written-files.js';
import { BaseCommand } from './base-command.js';
import { FAILED } from './exit-codes.js';
import { host } from './host.js';
import { abortOnSignals, Interrupted } from './interruption.js';
import { keepHeapSmall, thisMachine } from './machine.js';
import { refuseList } from './standard-input.js';

/**
 * A command that runs one job: turns flags into options, and events into messages and exit codes.
 * 0: all done. 1: finished with failed images. 2: could not run. 129, 130, 143: interrupted.
 */
export abstract class JobCommand extends BaseCommand {
  #metrics: MetricsFile | undefined;

  protected override async init(): Promise<void> {
    await super.init();
    standardError.isJson = asksForJson(this.argv);
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#metrics?.end(Number(process.exitCode ?? 0));
    await super.finally(error);
  }

  /**
   * Returns the inputs of a command line.
   * @throws {InputError} if there are none, nor a list of them
   */
  protected inputsOf(
    input: readonly string[] | undefined,
    { from }: Pick<SharedFlags, 'from'>,
  ): readonly string[] {
    if (input !== undefined) return input;
    if (from !== undefined) return [];
    const { help, example } = this.called;
    throw new InputError('INPUT is missing: image files, folders, archives, patterns, - or --from FILE', {
      hint: `See ${help}. For example: ${example}`,
    });
  }

  protected async runJob(request: JobRequest): Promise<void> {
    const { flags, inputs, retried } = request;
    const lists = inputs.includes('-');
    if (retried === undefined) refuseList(inputs, flags);
    const reporter = this.#reporterOf(request, lists);
    const { signal, release } = abortOnSignals();
    if (!flags['dry-run']) process.stdout.removeAllListeners('error'); // oclif's listener would turn a full disk into a crash; the sink reports it
    signal.addEventListener('abort', () => {
      if (signal.reason instanceof Interrupted) reporter.stopping(signal.reason.signal);
      if (lists) process.stdin.destroy(); // a pending read would keep the process alive
    });
    try {
      this.outcome = request.outputs.some(({ output }) => output === '-')
        ? 'not all rows were printed; to be able to resume, write to a file with --output'
        : 'no output was changed';
      if (!flags['dry-run']) this.#metrics = await this.#openMetrics(request, reporter);
      reporter.loading();
      const isCounted = reporter.tellsTotal || this.#metrics !== undefined;
      const job = { ...(await this.#options(request, isCounted)), signal };
      if (flags['dry-run']) await this.#printPlan(job, reporter);
      else await this.#run(job, reporter, flags['failures-ok']);
    } finally {
      if (lists) process.stdin.destroy(); // unread paths would keep the process alive
      reporter.clear();
      release();
    }
  }

  async #options(request: JobRequest, isCounted: boolean): Promise<FileJobOptions> {
    const { hubSettingsFromEnv } = await import('../../src/hub/settings.js');
    return jobOptions(request, {
      stdin: () => process.stdin,
      stdout: process.stdout,
      counted: isCounted,
      hub: hubSettingsFromEnv(process.env, homedir()),
      awsRegion: process.env.AWS_DEFAULT_REGION, // the SDK for JavaScript reads only AWS_REGION
      host: host(),
      machine: thisMachine(),
      invocation: {
        versions: { halonet: this.config.version, node: process.versions.node },
        command: [this.id ?? '', ...this.argv.map(withoutCredentials)],
        folder: process.cwd(),
      },
    });
  }

  async #run(job: FileJobOptions, reporter: Reporter, allowsFailures: boolean): Promise<void> {
    const { runJob } = await import('../../src/job/job.js');
    const onEvent = (event: JobEvent) => {
      reporter.report(event);
      this.#metrics?.report(event);
      if (event.kind === 'started') keepHeapSmall();
      if (event.kind === 'stopped') this.#stopped(event.rows, job);
    };
    const summary = await runJob({ ...job, onEvent });
    const hasFailed = failedImages(summary) > 0 && !allowsFailures;
    await this.#metrics?.end(hasFailed ? FAILED : 0);
    await reporter.done(summary, hasFailed ? FAILED : 0, () => writtenTo(job.outputs.outputs));
    if (hasFailed) process.exitCode = FAILED;
  }

  #reporterOf({ flags, outputs: asked }: JobRequest, lists: boolean): Reporter {
    const { model, quiet, calibration, progress } = flags;
    const outputs = asked.map(({ output }) => output);
    const kind = progressKind({
      asked: progress,
      quiet,
      isTerminal: standardError.isTerminal,
      sharesTerminal: outputs.includes('-') && process.stdout.isTTY,
    });
    return reporterFor(kind, standardError, {
      command: this.id ?? '',
      model,
      outputs,
      quiet,
      lists,
      typed: lists && process.stdin.isTTY,
      calibration,
    });
  }

  /** @throws {OutputError} if the file that --metrics names cannot be written */
  async #openMetrics(request: JobRequest, reporter: Reporter): Promise<MetricsFile | undefined> {
    const { metrics: path, model } = request.flags;
    const outputs = request.outputs.map(({ output }) => output);
    if (path === undefined) return undefined;
    return MetricsFile.open({
      path,
      outputs,
      info: { version: this.config.version, command: this.id ?? '', model, output: outputs.join(', ') },
      onNote: (text) => reporter.report({ kind: 'note', text }),
    });
  }

  /** @param rows the number of rows that a later run can resume after */
  #stopped(rows: number, { outputs }: FileJobOptions): void {
    if (rows === 0) return;
    const { mode } = outputs;
    const saved = `${counted(rows, 'row')} ${rows === 1 ? 'is' : 'are'} saved`;
    this.outcome = `${saved}; to continue, repeat the command${CONTINUED[mode]}`;
    this.nextStep = `${this.outcome}.`;
  }

  async #printPlan(job: FileJobOptions, reporter: Reporter): Promise<void> {
    const { planJob } = await import('../../src/job/dry-run.js');
    const { planText } = await import('../report/plan-text.js');
    this.outcome = 'nothing was written';
    const onEvent = (event: JobEvent) => {
      if (event.kind !== 'measuring') reporter.report(event); // measuring events are about the list on standard input
    };
    const plan = await planJob({ ...job, onEvent });
    this.log(planText(plan, this.width));
    if (plan.refusal !== undefined) throw plan.refusal;
  }
}

/** Returns an argument without the credentials of a URL, for the manifest. */
const withoutCredentials = (argument: string) =>
  argument.replace(/^(--[a-z-]+=)?(.*)$/s, (_, flag = '', value = '') => `${flag}${shownAddress(value)}`);

/** What to change in the command of a run, by its mode, to continue it. */
const CONTINUED: Readonly<Record<FileJobOptions['outputs']['mode'], string>> = {
  new: ' with --resume',
  overwrite: ' with --resume instead of --overwrite',
  resume: '',
  sync: '',
  retry: '',
};

/** Returns the files of outputs, from their manifests; none for one without a manifest, as on standard output. */
async function writtenTo(outputs: readonly Pick<FileOutput, 'output'>[]): Promise<readonly WrittenFile[]> {
  const { findRun } = await import('../../src/runs/find-run.js');
  const { writtenFiles } = await import('../report/written-files.js');
  const written: WrittenFile[] = [];
  for (const { output } of outputs) {
    if (output === '-') continue;
    const run = await findRun(output).catch(() => undefined); // a device, or removed since; the run itself is complete
    if (run !== undefined) written.push(...writtenFiles(run));
  }
  return written;
}

/** Whether a command line asks for JSON lines on standard error, which its own mistakes are then reported in. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return words.some(
    (word, i) => word === '--progress=json' || (word === '--progress' && words[i + 1] === 'json'),
  );
}
