import { homedir } from 'node:os';
import { join } from 'node:path';
import { Args, Flags, type Interfaces } from '@oclif/core';
import type { BenchmarkReport } from '../src/benchmark/report.js';
import { HalonetError } from '../src/errors.js';
import { architectureFlag, DEFAULT_MODEL, deviceFlags, RUNNABLE_DESCRIPTION } from './flags/flags.js';
import { type BenchmarkRun, RUN_FORMAT } from './report/benchmark-run.js';
import { factsOf, sectionsOf } from './report/benchmark-text.js';
import { Progress } from './report/progress.js';
import { standardError } from './report/standard-error.js';
import { table } from './report/table.js';
import { BaseCommand } from './support/base-command.js';
import { host } from './support/host.js';
import { abortOnSignals } from './support/interruption.js';
import { thisMachine } from './support/machine.js';

const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;

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
  static override summary = 'Measure this machine: matrix products, a model, decoding, and all together';

  static override description =
    `Measurements take turns, so that what disturbs the machine disturbs all alike; figures are medians and quartiles. The rate of large matrix products (GEMM) is what a network can at best reach. Whole jobs run as their commands run them; the last columns say how near they come to the session alone, and which stage bounds them.

The full measurement of halonet50ts takes some minutes, during which nothing else should run. Nothing is downloaded with --random-weights, which speed hardly depends on.

Exit codes: 0 all done, 2 could not run, 129, 130 or 143 interrupted.`;

  static override examples = [
    {
      description: 'The default architecture, without its checkpoint',
      command: '<%= config.bin %> <%= command.id %> halonet50ts --random-weights',
    },
    {
      description: 'Its figures on photos of your own',
      command: '<%= config.bin %> <%= command.id %> --images photos',
    },
    {
      description: 'As a section of a document',
      command: '<%= config.bin %> <%= command.id %> demo --quick --output BENCHMARKS.md',
    },
  ];

  static override args = {
    model: Args.string({
      ignoreStdin: true,
      default: DEFAULT_MODEL,
      description: `${RUNNABLE_DESCRIPTION}; with --random-weights a timm name or a config.json`,
    }),
  };

  static override flags = {
    architecture: architectureFlag,
    'random-weights': Flags.boolean({
      default: false,
      exclusive: ['architecture'],
      description: 'make up the weights: no checkpoint is needed',
    }),
    precisions: precisions({
      description: `of weights and arithmetic: ${PRECISIONS.join(', ')}; when not given fp32 and int8, on GPUs fp32 and, but for webgpu, fp16`,
    }),
    threads: counts({
      most: 512,
      description: 'CPU threads for inference; one, and one per core, when not given. Jobs run with the most',
    }),
    'batch-sizes': counts({
      most: 4096,
      description: 'images in one run; 1 to 8 when not given, on a GPU 1 to 256. Jobs find their own',
    }),
    ...deviceFlags,
    images: Flags.string({
      helpValue: 'DIR',
      description: 'images of your own, the first 256 of a folder, instead of generated JPEGs',
    }),
    repeats: Flags.integer({
      min: 1,
      max: 1000,
      description: 'samples of everything; 3, or 2 with --quick',
    }),
    quick: Flags.boolean({
      default: false,
      description: 'short samples, few matrices and small images: to see that it works',
    }),
    json: Flags.boolean({ description: 'as JSON, with every sample' }),
    output: Flags.string({
      char: 'o',
      helpValue: 'FILE.md',
      description:
        'also write a section of this document, in place of an earlier one of the same machine, device and architecture, full or quick',
    }),
    machine: Flags.string({
      helpValue: 'NAME',
      description: 'what to call this machine; its processor when not given',
    }),
    quiet: Flags.boolean({ description: 'no progress; errors are still shown' }),
  };

  protected override leaves = 'there is no report, and no document was written';

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Benchmark);
    const { readDocument, renderDocument, withRun } = await import('./report/benchmarks-document.js');
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
    // First of all: minutes went into it.
    if (flags.json) this.logJson(run);
    else this.log(textOf(run));
    if (output !== undefined) {
      const document = new TextEncoder().encode(renderDocument(withRun(earlier, run)));
      await writeWholeFile(document, { output, overwrite: true, stdout: process.stdout });
    }
  }

  async #measure(model: string, flags: BenchmarkFlags): Promise<BenchmarkReport> {
    const { runBenchmark } = await import('../src/benchmark/benchmark.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const { repeats } = flags;
    const effort = flags.quick ? EFFORTS.quick : EFFORTS.full;
    const progress = new Progress(standardError, flags.quiet);
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
        onDownload: (download) => progress.download(download),
        onNote: (note) => {
          if (!flags.quiet) this.logToStderr(note);
        },
        onStep: ({ phase, label, done, total }) => {
          const onTerminal = progress.active || flags.quiet;
          if (done === 0 && !onTerminal) this.logToStderr(`${phase}: ${total} samples`);
          progress.note(`${phase}, ${done + 1} of ${total}: ${label}`);
        },
      });
    } finally {
      progress.clear();
      release();
    }
  }
}

type BenchmarkFlags = Interfaces.InferredFlags<typeof Benchmark.flags>;

function textOf(run: BenchmarkRun): string {
  const sections = sectionsOf(run.report, table).map(({ title, body }) => `${title}\n\n${body}`);
  return [factsOf(run).join('\n'), ...sections].join('\n\n');
}
