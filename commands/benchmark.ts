import { homedir } from 'node:os';
import { join } from 'node:path';
import { Args, Flags, type Interfaces } from '@oclif/core';
import type { BenchmarkReport } from '../src/benchmark/report.js';
import { counted } from '../src/counted.js';
import { HalonetError } from '../src/errors.js';
import {
  architectureFlag,
  DEFAULT_MODEL,
  deviceFlags,
  quietFlag,
  RUNNABLE_DESCRIPTION,
  wholeNumber,
} from './flags/flags.js';
import { COMMON, inGroup } from './flags/groups.js';
import { type BenchmarkRun, RUN_FORMAT } from './report/benchmark-run.js';
import { factsOf, sectionsOf } from './report/benchmark-text.js';
import { displayOf } from './report/choose-reporter.js';
import { Downloads } from './report/downloads.js';
import { standardError } from './report/standard-error.js';
import { table } from './report/table.js';
import { BaseCommand } from './support/base-command.js';
import { RUN_EXIT_CODES } from './support/exit-codes.js';
import { host } from './support/host.js';
import { abortOnSignals } from './support/interruption.js';
import { thisMachine } from './support/machine.js';

const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;

const MODEL = inGroup('Model');
const PERFORMANCE = inGroup('Performance');
const MEASUREMENTS = inGroup('Measurements');
const OUTPUT = inGroup('Output');

const EFFORTS = {
  full: { repeats: 3, sampleSeconds: 0.3, jobSeconds: 3, extent: 'all' },
  quick: { repeats: 2, sampleSeconds: 0.05, jobSeconds: 0.5, extent: 'few' },
} as const;

const counts = Flags.custom<readonly number[], { readonly most: number }>({
  helpValue: 'N,…',
  parse: async (text, _, { most }) => {
    const numbers = text.split(',').map(Number);
    if (numbers.every((n) => Number.isInteger(n) && n >= 1 && n <= most)) return [...new Set(numbers)];
    throw new HalonetError(`expected numbers from 1 to ${most} separated by commas; received ${text}`);
  },
});

const precisions = Flags.custom<readonly (typeof PRECISIONS)[number][]>({
  helpValue: 'NAME,…',
  parse: async (text) =>
    [...new Set(text.split(','))].map((name) => {
      const known = PRECISIONS.find((precision) => precision === name);
      if (known !== undefined) return known;
      throw new HalonetError(
        `expected some of ${PRECISIONS.join(', ')}, separated by commas; received ${text}`,
      );
    }),
});

export default class Benchmark extends BaseCommand {
  static override summary = 'Measure this machine: matrix products, model, decoding, whole jobs';

  static override description =
    `Measurements are interleaved, so that background load affects all of them alike. Figures are medians and quartiles. The rate of large matrix products (GEMM) is an upper bound for a network. Whole jobs run as classify or embed would; the last columns say how close they come to the network alone, and whether decoding or inference limits them.

A full measurement of halonet50ts takes several minutes; leave the machine idle meanwhile. --random-weights avoids a download; weights have hardly any effect on speed.`;

  static override examples = [
    {
      description: 'Measure the default architecture without downloading its checkpoint',
      command: 'halonet benchmark halonet50ts --random-weights',
    },
    {
      description: 'Measure the default model on images of your own',
      command: 'halonet benchmark --images photos',
    },
    {
      description: 'Check that it works, and write the figures to a document',
      command: 'halonet benchmark demo --quick --output BENCHMARKS.md',
    },
  ];

  static override exitCodes = RUN_EXIT_CODES;

  static override args = {
    model: Args.string({
      ignoreStdin: true,
      default: DEFAULT_MODEL,
      description: `${RUNNABLE_DESCRIPTION}; with --random-weights, a timm name or a config.json`,
    }),
  };

  static override flags = {
    'random-weights': Flags.boolean({
      ...MODEL,
      ...COMMON,
      default: false,
      exclusive: ['architecture'],
      description: 'Use random weights, so that no checkpoint is needed',
    }),
    precisions: precisions({
      ...MODEL,
      summary: 'Precisions to measure',
      description: `Precisions of weights and arithmetic to measure: ${PRECISIONS.join(', ')}. By default fp32 and int8; on GPUs fp32 and, except for webgpu, fp16`,
    }),
    architecture: architectureFlag,
    threads: counts({
      ...PERFORMANCE,
      most: 512,
      description:
        'Numbers of CPU threads to measure; by default 1 and one per core. Jobs run with the largest',
    }),
    'batch-sizes': counts({
      ...PERFORMANCE,
      most: 4096,
      description: 'Batch sizes to measure; by default 1 to 8, on a GPU 1 to 256. Jobs choose their own',
    }),
    ...deviceFlags,
    images: Flags.string({
      ...MEASUREMENTS,
      ...COMMON,
      helpValue: 'FOLDER',
      summary: 'Measure on images of your own, up to 256',
      description: 'Measure on images of your own, the first 256 of a folder, instead of generated JPEGs',
    }),
    repeats: wholeNumber({
      ...MEASUREMENTS,
      ...COMMON,
      min: 1,
      max: 1000,
      description: 'Samples of each measurement; by default 3, with --quick 2',
    }),
    quick: Flags.boolean({
      ...MEASUREMENTS,
      ...COMMON,
      default: false,
      description: 'Only check that it works: short samples, few matrices, small images',
    }),
    json: Flags.boolean({
      ...OUTPUT,
      ...COMMON,
      description: 'Print a JSON object with every sample',
    }),
    output: Flags.string({
      ...OUTPUT,
      ...COMMON,
      char: 'o',
      helpValue: 'FILE.md',
      summary: 'Also write the figures to a Markdown document',
      description:
        'Also write the figures as a section of a Markdown document. It replaces a section of the same machine, device, architecture and kind (full or quick)',
    }),
    machine: Flags.string({
      ...OUTPUT,
      helpValue: 'NAME',
      description: 'Name of this machine in the report; by default, its processor',
    }),
    quiet: { ...quietFlag, description: 'No progress; errors are still shown' },
  };

  protected override outcome = 'there is no report, and no document was written';

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Benchmark);
    const { changeLine, readDocument, renderDocument, withRun } = await import(
      './report/benchmarks-document.js'
    );
    const { writeWholeFile } = await import('../src/files/whole-file.js');
    const { measuredMachine } = await import('./support/measured-machine.js');
    const { output } = flags;
    const earlier = output === undefined ? [] : await readDocument(output);
    const run: BenchmarkRun = {
      format: RUN_FORMAT,
      date: new Date().toISOString(),
      command: [this.config.bin, this.id, ...this.argv].join(' '),
      version: this.config.version,
      quick: flags.quick,
      machine: await measuredMachine(flags.machine),
      report: await this.#measure(args.model, flags),
    };
    // Print before anything that can fail: measuring took minutes.
    if (flags.json) this.logJson(run);
    else this.log(textOf(run));
    if (output !== undefined) {
      const document = new TextEncoder().encode(renderDocument(withRun(earlier, run)));
      await writeWholeFile(document, { output, overwrite: true, stdout: process.stdout });
      if (!flags.quiet) this.logToStderr(changeLine(earlier, run, output));
    }
  }

  async #measure(model: string, flags: BenchmarkFlags): Promise<BenchmarkReport> {
    const { runBenchmark } = await import('../src/benchmark/benchmark.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const { repeats } = flags;
    const effort = flags.quick ? EFFORTS.quick : EFFORTS.full;
    const display = displayOf(standardError, flags.quiet);
    const downloads = new Downloads(standardError, display, flags.quiet);
    const { signal, release } = abortOnSignals();
    try {
      return await runBenchmark({
        model,
        signal,
        images: flags.images,
        randomWeights: flags['random-weights'],
        architecture: flags.architecture,
        tried: {
          precisions: flags.precisions,
          threads: flags.threads,
          batchSizes: flags['batch-sizes'],
        },
        device: { name: flags.device, id: flags['device-id'] },
        host: host(),
        machine: thisMachine(),
        hub: hubSettingsFromEnv(process.env, homedir()),
        effort: { ...effort, ...(repeats && { repeats }) },
        cli: { command: process.execPath, args: [join(this.config.root, 'bin', 'halonet.cjs')] },
        onDownload: (download) => downloads.report(download),
        onNote: (note) => {
          if (!flags.quiet) this.logToStderr(note);
        },
        onStep: ({ phase, unit, label, done, total }) => {
          const isShown = display.kind === 'bar' || flags.quiet;
          if (done === 0 && !isShown) this.logToStderr(`${phase}: ${counted(total, unit)}`);
          display.show(() => `${phase}, ${done + 1} of ${total}: ${label}`);
        },
      });
    } finally {
      display.clear();
      release();
    }
  }
}

type BenchmarkFlags = Interfaces.InferredFlags<typeof Benchmark.flags>;

function textOf(run: BenchmarkRun): string {
  const sections = sectionsOf(run.report, table).map(({ title, body }) => `${title}\n\n${body}`);
  return [factsOf(run).join('\n'), ...sections].join('\n\n');
}
