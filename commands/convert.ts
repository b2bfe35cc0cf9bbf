import { homedir } from 'node:os';
import { Args, Flags } from '@oclif/core';
import { HalonetError } from '../src/errors.js';
import {
  architectureFlag,
  evaluationFlags,
  evaluationOverrides,
  RUNNABLE_DESCRIPTION,
} from './flags/flags.js';
import { Progress } from './report/progress.js';
import { standardError } from './report/standard-error.js';
import { conversionLine } from './report/summary.js';
import { BaseCommand } from './support/base-command.js';
import { abortOnSignals } from './support/interruption.js';

const outputNames = Flags.custom<readonly string[]>({
  helpValue: 'NAME,…',
  parse: async (text) => {
    const names = text.split(',').map((name) => name.trim());
    if (names.includes('') || new Set(names).size < names.length) {
      throw new HalonetError(
        `expected different outputs separated by commas, such as logits,stage4; received ${text}`,
      );
    }
    return names;
  },
});

export default class Convert extends BaseCommand {
  static override summary = 'Write a model as a self-contained ONNX file, for any runtime and for --model';

  static override description =
    `The file takes images as uint8 RGB of the model's size; what else there is to know is in its metadata.

Exit codes: 0 all done, 2 could not run, 130 or 143 interrupted.`;

  static override examples = [
    {
      description: 'Logits and embeddings of the default model',
      command: '<%= config.bin %> <%= command.id %> halonet50ts.a1h_in1k --output halonet50ts.onnx',
    },
    {
      description: 'The last two stages, in half precision',
      command:
        '<%= config.bin %> <%= command.id %> demo --outputs stage3,stage4 --precision fp16 -o pyramid.onnx',
    },
  ];

  static override args = {
    model: Args.string({ required: true, ignoreStdin: true, description: RUNNABLE_DESCRIPTION }),
  };

  static override flags = {
    output: Flags.string({
      char: 'o',
      required: true,
      helpValue: 'FILE.onnx',
      description: 'the file to write; - is standard output',
    }),
    outputs: outputNames({
      description:
        'what the file computes: logits, probabilities, embedding, unpooled, stage0, stage1, …; logits and embedding when not given',
    }),
    precision: Flags.option({
      options: ['fp32', 'fp16'] as const,
      default: 'fp32',
      description: 'of weights and arithmetic; inputs and outputs stay as they are',
    })(),
    overwrite: Flags.boolean({ description: 'replace a file that exists' }),
    architecture: architectureFlag,
    ...evaluationFlags,
    quiet: Flags.boolean({ description: 'no progress and no summary; errors are still shown' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Convert);
    const { convertModel } = await import('../src/models/convert.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const { output, outputs, overwrite, precision, architecture } = flags;
    const progress = new Progress(standardError, flags.quiet);
    const { signal, release } = abortOnSignals();
    process.stdout.removeAllListeners('error'); // oclif's would turn a full disk into a crash; the writer reports it
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
        onDownload: (download) => progress.download(download),
        onNote: (note) => {
          if (!flags.quiet) this.logToStderr(note);
        },
      });
      if (!flags.quiet) this.logToStderr(conversionLine(summary, output));
    } finally {
      progress.clear();
      release();
    }
  }
}
