import { availableParallelism } from 'node:os';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { HalonetError } from '../../src/errors.js';
import { DECODES, FAULTS } from '../../src/images/geometry.js';
import type { FailureLimit } from '../../src/job/failure-limit.js';
import { DECODE_SECONDS, MAX_PIXELS } from '../../src/models/preprocessing.js';
import { FORMAT_NAMES } from '../../src/outputs/formats/names.js';
import { DEVICE_NAMES } from '../../src/runtime/devices.js';

const triple = Flags.custom<
  readonly [number, number, number],
  { readonly above?: number; readonly upTo?: number }
>({
  helpValue: 'R,G,B',
  parse: async (text, _, { above = Number.NEGATIVE_INFINITY, upTo = Number.POSITIVE_INFINITY }) => {
    const [r, g, b, ...rest] = text
      .split(',')
      .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (
      r === undefined ||
      g === undefined ||
      b === undefined ||
      rest.length > 0 ||
      ![r, g, b].every(Number.isFinite)
    ) {
      throw new HalonetError(
        `expected three numbers separated by commas, such as 0.485,0.456,0.406; received ${text}`,
      );
    }
    if (Math.min(r, g, b) <= above)
      throw new HalonetError(`expected numbers above ${above}; received ${text}`);
    if (Math.max(r, g, b) > upTo)
      throw new HalonetError(`expected numbers up to ${upTo}, of pixels scaled to 0..1; received ${text}`);
    return [r, g, b];
  },
});

const MAX_SIDE = 16_384; // pixels, as in a checkpoint's config

const imageSize = Flags.custom<{ readonly height: number; readonly width: number }>({
  helpValue: 'N|HxW',
  parse: async (text) => {
    const [, height, width = height] = /^([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?$/.exec(text) ?? [];
    const size = { height: Number(height), width: Number(width) };
    if (height === undefined || Math.max(size.height, size.width) > MAX_SIDE)
      throw new HalonetError(`expected pixels up to ${MAX_SIDE}, such as 256 or 256x512; received ${text}`);
    return size;
  },
});

const fraction = Flags.custom<number>({
  helpValue: 'P',
  parse: async (text) => {
    const value = Number(text);
    if (!(value >= 0.01 && value <= 1)) {
      throw new HalonetError(`expected a number from 0.01 to 1; received ${text}`);
    }
    return value;
  },
});

const seconds = Flags.custom<number>({
  helpValue: 'SECONDS',
  parse: async (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
    throw new HalonetError(`expected a number of seconds, such as 5 or 0.5; received ${text}`);
  },
});

const MAX_WAIT = 86_400; // seconds

const timeout = Flags.custom<number>({
  helpValue: 'SECONDS',
  parse: async (text) => {
    const value = Number(text);
    if (value > 0 && value <= MAX_WAIT) return value;
    throw new HalonetError(`expected seconds above 0, up to ${MAX_WAIT}, such as 60; received ${text}`);
  },
});

const pixels = Flags.custom<number>({
  helpValue: 'N|NM',
  parse: async (text) => {
    const [, digits, million] = /^(\d{1,15})(M?)$/i.exec(text) ?? [];
    const value = Number(digits) * (million ? 1e6 : 1);
    if (value >= 1) return value;
    throw new HalonetError(`expected a number of pixels, such as 100000000 or 100M; received ${text}`);
  },
});

const failureLimit = Flags.custom<FailureLimit>({
  helpValue: 'N|P%',
  parse: async (text) => {
    const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
    const value = Number(number);
    if (percent === '%' && value <= 100) return { percent: value };
    if (percent === '' && Number.isInteger(value)) return { count: value };
    throw new HalonetError(
      `expected a number of images or a percentage, such as 10 or 0.5%; received ${text}`,
    );
  },
});

const MODEL = { helpGroup: 'MODEL' };
const OUTPUT = { helpGroup: 'OUTPUT' };
const IMAGES = { helpGroup: 'PREPROCESSING' };
const RUN = { helpGroup: 'RUN' };

/** What a network runs on. */
export const deviceFlags = {
  device: Flags.option({
    ...RUN,
    options: ['auto', ...DEVICE_NAMES] as const,
    default: 'auto',
    description: 'what runs the network; auto takes a GPU that works and is faster than the CPU',
  })(),
  'device-id': Flags.integer({
    ...RUN,
    min: 0,
    max: 255,
    default: 0,
    description: 'which of several GPUs (cuda, dml)',
  }),
};

/** What names a checkpoint. */
export const MODEL_DESCRIPTION =
  'timm name (downloaded once; see halonet models), checkpoint file (safetensors or PyTorch), folder that holds one, hf-hub:owner/name, or demo';

/** The model of a job that names none. */
export const DEFAULT_MODEL = 'halonet50ts.a1h_in1k';

/** What --model takes. */
export const RUNNABLE_DESCRIPTION = `${MODEL_DESCRIPTION}, or an .onnx file of halonet convert`;

export const architectureFlag = Flags.string({
  ...MODEL,
  helpValue: 'NAME',
  description: "timm's name of a checkpoint's architecture, in place of the config.json beside it",
});

export const imageSizeFlag = imageSize({
  ...IMAGES,
  description: "size of the network input in pixels; the checkpoint's when not given, as all of these",
});

/** How images are prepared, where it is not as the model says. */
export const evaluationFlags = {
  'image-size': imageSizeFlag,
  'crop-pct': fraction({ ...IMAGES, description: 'part of the resized image that the crop keeps' }),
  'crop-mode': Flags.option({
    ...IMAGES,
    options: ['center', 'squash', 'border'] as const,
    description: 'center crops the longer side, squash ignores the aspect ratio, border pads',
  })(),
  interpolation: Flags.option({
    ...IMAGES,
    options: ['bicubic', 'bilinear'] as const,
    description: 'how images are resized',
  })(),
  mean: triple({
    ...IMAGES,
    upTo: 1,
    description: 'mean of R, G, B that is subtracted, of pixels scaled to 0..1',
  }),
  std: triple({
    ...IMAGES,
    above: 0,
    description: 'standard deviation of R, G, B that is divided by, of pixels scaled to 0..1',
  }),
};

/** What embed and features write. */
export const dtypeFlag = Flags.option({
  options: ['float32', 'float16'] as const,
  default: 'float32',
  description: 'precision of the values written',
})();

/** The flags that every job command takes. */
export const sharedFlags = {
  model: Flags.string({
    ...MODEL,
    char: 'm',
    helpValue: 'MODEL',
    default: DEFAULT_MODEL,
    description: RUNNABLE_DESCRIPTION,
  }),
  architecture: architectureFlag,
  output: Flags.string({
    ...OUTPUT,
    char: 'o',
    helpValue: 'PATH',
    default: '-',
    description: 'where results go; - is standard output',
  }),
  format: Flags.option({
    ...OUTPUT,
    char: 'f',
    options: FORMAT_NAMES,
    description: "format of the output; by its extension when not given, else each command's default",
  })(),
  'csv-safe': Flags.boolean({
    ...OUTPUT,
    description: 'in CSV, an apostrophe before text that a spreadsheet would take for a formula',
  }),
  overwrite: Flags.boolean({
    ...OUTPUT,
    exclusive: ['resume', 'sync'],
    description: 'replace an output that exists, and give up a run in progress',
  }),
  resume: Flags.boolean({
    ...OUTPUT,
    description: 'go on with the run that was interrupted; begin where there is none',
  }),
  sync: Flags.boolean({
    ...OUTPUT,
    description: 'as --resume, where inputs have changed: compute what is new or changed, take over the rest',
  }),
  checkpoint: seconds({
    ...OUTPUT,
    default: 5,
    description: 'work that a crash may cost: how often rows are forced to disk',
  }),
  'allow-empty': Flags.boolean({
    ...RUN,
    description: 'write an empty output if the inputs contain no image; otherwise that is an error',
  }),
  'check-space': Flags.boolean({
    ...OUTPUT,
    allowNo: true,
    default: true,
    description: 'stop early where the disk has no room for all rows; --no-check-space runs until it is full',
  }),
  'dry-run': Flags.boolean({
    ...RUN,
    description:
      'say what would be done, and write nothing: images, bytes of each output, free disk, time; exit code 2 where it could not run or does not fit',
  }),
  null: Flags.boolean({
    ...RUN,
    description: 'only NULs end the paths on standard input, so that names may contain newlines',
  }),
  'max-failures': failureLimit({
    ...RUN,
    exclusive: ['fail-fast'],
    description: 'stop when more images fail than that, or than that share of the rows once there are 100',
  }),
  'fail-fast': Flags.boolean({ ...RUN, description: 'stop at the first image that fails' }),
  ...evaluationFlags,
  'auto-orient': Flags.boolean({
    ...IMAGES,
    allowNo: true,
    default: true,
    description: 'turn images as their EXIF orientation says, which timm does for TIFF alone',
  }),
  decode: Flags.option({
    ...IMAGES,
    options: DECODES,
    default: 'exact',
    description:
      "exact gives timm's pixels; near and fast resize while decoding, which saves time on large images",
  })(),
  'max-pixels': pixels({
    ...IMAGES,
    default: MAX_PIXELS,
    description: 'images of more are not decoded; 100M is 100 million',
  }),
  'fail-on': Flags.option({
    ...IMAGES,
    options: FAULTS,
    default: 'truncated',
    description:
      'the mildest damage that fails an image: what a decoder warns of, calls an error, an early end, or none',
  })(),
  'decode-timeout': timeout({
    ...RUN,
    default: DECODE_SECONDS,
    description: 'how long an image may take to be read and decoded',
  }),
  'batch-size': Flags.integer({
    ...RUN,
    min: 1,
    max: 4096,
    char: 'b',
    description: 'images in one run; found by measurement when not given',
  }),
  decoders: Flags.integer({
    ...RUN,
    min: 1,
    max: 512,
    description: 'images decoded at once; found by measurement when not given',
  }),
  ...deviceFlags,
  threads: Flags.integer({
    ...RUN,
    min: 1,
    max: 512,
    default: async () => availableParallelism(),
    defaultHelp: async () => 'one per CPU core',
    description: 'CPU threads for inference',
  }),
  precision: Flags.option({
    ...RUN,
    options: ['fp32', 'fp16', 'int8'] as const,
    description:
      "arithmetic of the network; the model's own when not given. int8 is for CPUs: about twice as fast, predictions nearly always the same. fp16 is for GPUs",
  })(),
  calibration: Flags.string({
    ...RUN,
    helpValue: 'FOLDER',
    description:
      'images to measure the model on for --precision int8, in place of what is kept; when not given, some of the first inputs, once: the result is kept beside the checkpoint',
  }),
  quiet: Flags.boolean({ ...RUN, description: 'no progress and no summary; errors are still shown' }),
};

/** The images to work on. */
export const inputArgs = {
  input: Args.string({
    required: true,
    multiple: true,
    ignoreStdin: true, // standard input is read for the argument - only
    description:
      'image file, directory (walked recursively), or - for a list of paths on standard input, which end in newlines or NULs, whichever comes first',
  }),
};

/** The parsed values of the evaluation flags, as options. */
export function evaluationOverrides(flags: Interfaces.InferredFlags<typeof evaluationFlags>) {
  return {
    imageSize: flags['image-size'],
    cropPct: flags['crop-pct'],
    cropMode: flags['crop-mode'],
    interpolation: flags.interpolation,
    mean: flags.mean,
    std: flags.std,
  };
}

/** The parsed values of the shared flags. */
export type SharedFlags = Interfaces.InferredFlags<typeof sharedFlags>;

/** What every job command says of itself after its own sentence. */
export const JOB_DESCRIPTION = `There is one row for every input, in input order; an image that cannot be read is a row with the reason.

Exit codes: 0 all done, 1 finished with failed images, 2 could not run, 129, 130 or 143 interrupted.`;
