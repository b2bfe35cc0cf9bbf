import { homedir } from 'node:os';
import { Args, Flags } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import {
  architectureFlag,
  evaluationFlags,
  evaluationOverrides,
  quietFlag,
  RUNNABLE_DESCRIPTION,
} from './flags/flags.js';
import { COMMON, inGroup } from './flags/groups.js';
import { displayOf } from './report/choose-reporter.js';
import { Downloads } from './report/downloads.js';
import { standardError } from './report/standard-error.js';
import { conversionLine } from './report/summary.js';
import { BaseCommand } from './support/base-command.js';
import { RUN_EXIT_CODES } from './support/exit-codes.js';
import { abortOnSignals } from './support/interruption.js';

const MODEL = inGroup('Model');
const OUTPUT = inGroup('Output');

const outputNames = Flags.custom<readonly string[]>({
  helpValue: 'NAME,…',
  parse: async (text) => {
    const names = text.split(',').map((name) => name.trim());
    if (names.includes('') || new Set(names).size < names.length) {
      throw new HalonetError(
        `expected distinct outputs separated by commas, such as logits,stage4; received ${text}`,
      );
    }
    return names;
  },
});

export default class Convert extends BaseCommand {
  static override summary = 'Convert a model to a self-contained ONNX file';

  static override description =
    `Any runtime for ONNX can use the file, and so can halonet, with --model FILE.onnx. It takes images as uint8 RGB at the model's input size. Preprocessing, classes and outputs are recorded in its metadata.`;

  static override examples = [
    {
      description: 'Convert the default model, with logits and embeddings as outputs',
      command: 'halonet convert halonet50ts.a1h_in1k --output halonet50ts.onnx',
    },
    {
      description: 'Export two stages in half precision',
      command: 'halonet convert demo --outputs stage3,stage4 --precision fp16 -o stages.onnx',
    },
  ];

  static override exitCodes = RUN_EXIT_CODES;

  static override args = {
    model: Args.string({ required: true, ignoreStdin: true, description: RUNNABLE_DESCRIPTION }),
  };

  static override flags = {
    output: Flags.string({
      ...OUTPUT,
      ...COMMON,
      char: 'o',
      required: true,
      helpValue: 'FILE.onnx',
      description: 'File to write; - is standard output',
    }),
    outputs: outputNames({
      ...MODEL,
      ...COMMON,
      summary: 'Outputs of the file; logits and embedding by default',
      description:
        'Outputs of the file: logits, probabilities, embedding, unpooled, stage0, stage1, …; logits and embedding by default',
    }),
    precision: Flags.option({
      ...MODEL,
      ...COMMON,
      options: ['fp32', 'fp16'] as const,
      default: 'fp32',
      summary: 'Precision of weights and arithmetic',
      description: 'Precision of weights and arithmetic; inputs and outputs keep their types',
    })(),
    overwrite: Flags.boolean({ ...OUTPUT, ...COMMON, description: 'Replace an existing file' }),
    architecture: architectureFlag,
    ...evaluationFlags,
    quiet: quietFlag,
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Convert);
    const { convertModel } = await import('../src/models/convert.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const { output, outputs, overwrite, precision, architecture } = flags;
    const display = displayOf(standardError, flags.quiet);
    const downloads = new Downloads(standardError, display, flags.quiet);
    const { signal, release } = abortOnSignals();
    process.stdout.removeAllListeners('error'); // oclif's listener would turn a full disk into a crash; the writer reports it
    try {
      const summary = await convertModel({
        model: args.model,
        architecture,
        output,
        outputs,
        overwrite,
        precision,
        signal,
        stdout: process.stdout,
        hub: hubSettingsFromEnv(process.env, homedir()),
        preprocessing: evaluationOverrides(flags),
        toolVersion: this.config.version,
        onDownload: (download) => downloads.report(download),
        onNote: (note) => {
          if (!flags.quiet) this.logToStderr(note);
        },
      });
      if (!flags.quiet) this.logToStderr(conversionLine(summary, output));
    } finally {
      display.clear();
      release();
    }
  }
}
