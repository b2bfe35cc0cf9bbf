import { availableParallelism } from 'node:os';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { shownAddress } from '../../src/address.js';
import { HalonetError } from '../../src/errors.js';
import { FACT_TYPES, type FactName, isFactName } from '../../src/facts.js';
import { DECODES, FAULTS } from '../../src/images/geometry.js';
import type { FailureLimit } from '../../src/job/failure-limit.js';
import { DECODE_SECONDS, MAX_PIXELS } from '../../src/models/preprocessing.js';
import { FORMAT_NAMES } from '../../src/outputs/formats/names.js';
import { FETCH_SECONDS, REQUESTS } from '../../src/remote/settings.js';
import { DEVICE_NAMES } from '../../src/runtime/devices.js';
import { COMMON, inGroup } from './groups.js';

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
      throw new HalonetError(`expected numbers up to ${upTo}, for pixels scaled to 0..1; received ${text}`);
    return [r, g, b];
  },
});

/** A whole number, at least `min` and at most `max`. */
export const wholeNumber = Flags.custom<number, { readonly min: number; readonly max?: number }>({
  helpValue: 'N',
  parse: async (text, _, { min, max }) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER)) return value;
    const range = max === undefined ? `, at least ${min}` : ` from ${min} to ${max}`;
    throw new HalonetError(`expected a whole number${range}; received ${text}`);
  },
});

const MAX_SIDE = 16_384; // pixels, as in a checkpoint's config

const imageSize = Flags.custom<{ readonly height: number; readonly width: number }>({
  helpValue: 'N|HxW',
  parse: async (text) => {
    const [, height, width = height] = /^([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?$/.exec(text) ?? [];
    const size = { height: Number(height), width: Number(width) };
    if (height === undefined || Math.max(size.height, size.width) > MAX_SIDE)
      throw new HalonetError(
        `expected a size in pixels, up to ${MAX_SIDE} a side, such as 256 or 256x512; received ${text}`,
      );
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
    throw new HalonetError(
      `expected a number of seconds above 0, up to ${MAX_WAIT}, such as 60; received ${text}`,
    );
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

const extensions = Flags.custom<ReadonlySet<string>>({
  helpValue: 'EXT,…',
  parse: async (text) => {
    const names = text.split(',').map((name) => name.trim().replace(/^\./, '').toLowerCase());
    if (names.every((name) => /^[a-z0-9]+$/.test(name))) return new Set(names.map((name) => `.${name}`));
    throw new HalonetError(`expected extensions separated by commas, such as jpg,png; received ${text}`);
  },
});

const pathPattern = Flags.custom<string>({
  helpValue: 'PATTERN',
  parse: async (text) => {
    if (text.trim() !== '') return text;
    throw new HalonetError('expected a pattern, such as "*.png" or "cats/**"; received none');
  },
});

const keptColumns = Flags.custom<readonly string[] | 'all'>({
  helpValue: 'NAME,…|all',
  parse: async (text) => {
    if (text === 'all') return text;
    const names = await columnNames(text);
    if (names !== undefined) return names;
    throw new HalonetError(
      `expected distinct names of columns separated by commas, or all; received ${text}`,
    );
  },
});

const factColumns = Flags.custom<readonly FactName[]>({
  helpValue: 'NAME,…',
  parse: async (text) => {
    const names = text.split(',').map((name) => name.trim());
    const known = names.filter(isFactName);
    if (known.length === names.length && new Set(names).size === names.length) return known;
    throw new HalonetError(
      `expected distinct names among ${Object.keys(FACT_TYPES).join(', ')}, separated by commas; received ${text}`,
    );
  },
});

const cropColumns = Flags.custom<readonly string[]>({
  helpValue: 'X,Y,W,H',
  parse: async (text) => {
    const names = await columnNames(text);
    if (names?.length === 4) return names;
    throw new HalonetError(`expected four distinct names of columns separated by commas; received ${text}`);
  },
});

/** Parses names as a CSV record, so that they may contain commas; undefined unless they are distinct and not empty. */
async function columnNames(text: string): Promise<readonly string[] | undefined> {
  const { parse } = await import('csv-parse/sync');
  try {
    const [names = [], ...others] = parse(text, { relax_quotes: true }) as string[][];
    const isOne = names.length > 0 && others.length === 0;
    return isOne && names.every((name) => name !== '') && new Set(names).size === names.length
      ? names
      : undefined;
  } catch {
    return undefined;
  }
}

const server = Flags.custom<string>({
  helpValue: 'URL',
  parse: async (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && /^[^@?#]*$/.test(text)) return text;
    throw new HalonetError(
      `expected the address of a server, such as https://minio.example.org:9000; received ${shownAddress(text)}`,
      { hint: 'Credentials are found where the AWS CLI finds them, and are no part of the address.' },
    );
  },
});

const MODEL = inGroup('Model');
const OUTPUT = inGroup('Output');
const RESUMING = inGroup('Resuming');
const INPUTS = inGroup('Inputs');
const IMAGES = inGroup('Preprocessing');
const FAILURES = inGroup('Failures');
const PERFORMANCE = inGroup('Performance');
const GENERAL = inGroup('General');

/** Flags that choose the device and how the network runs on it. */
export const deviceFlags = {
  device: Flags.option({
    ...PERFORMANCE,
    ...COMMON,
    helpValue: 'DEVICE',
    options: ['auto', ...DEVICE_NAMES] as const,
    default: 'auto',
    summary: 'auto (default), cpu, cuda, webgpu, dml or coreml',
    description:
      'Device that runs the network. auto uses a GPU if it gives the right results faster than the CPU',
  })(),
  'device-id': wholeNumber({
    ...PERFORMANCE,
    min: 0,
    max: 255,
    default: 0,
    description: 'Which GPU to use if there are several (cuda and dml)',
  }),
};

/** The default model of a job. */
export const DEFAULT_MODEL = 'halonet50ts.a1h_in1k';

const CHECKPOINTS =
  'demo, a timm model name (see halonet models), hf-hub:OWNER/NAME, a checkpoint file (safetensors or PyTorch), a folder with one';
const CONVERTED = 'an .onnx file written by halonet convert';

/** Values that --model accepts. */
export const RUNNABLE_DESCRIPTION = `${CHECKPOINTS}, or ${CONVERTED}`;

/** Values that `halonet inspect` accepts. */
export const INSPECTABLE_DESCRIPTION = `${CHECKPOINTS}, ${CONVERTED}, or a config.json`;

export const architectureFlag = Flags.string({
  ...MODEL,
  helpValue: 'NAME',
  description: 'timm architecture of the checkpoint, used instead of the config.json beside it',
});

export const imageSizeFlag = imageSize({
  ...IMAGES,
  description: 'Input size of the network in pixels',
});

/** Flags that override the model's own image preparation. */
export const evaluationFlags = {
  'image-size': imageSizeFlag,
  'crop-pct': fraction({ ...IMAGES, description: 'Fraction of the resized image that the crop keeps' }),
  'crop-mode': Flags.option({
    ...IMAGES,
    helpValue: 'MODE',
    options: ['center', 'squash', 'border'] as const,
    description:
      'center resizes the shorter side and crops the centre; squash resizes both sides, ignoring the aspect ratio, and crops; border resizes the longer side and pads',
  })(),
  interpolation: Flags.option({
    ...IMAGES,
    helpValue: 'FILTER',
    options: ['bicubic', 'bilinear'] as const,
    description: 'Resampling filter',
  })(),
  mean: triple({
    ...IMAGES,
    upTo: 1,
    description: 'Mean to subtract per channel, for pixels scaled to 0..1',
  }),
  std: triple({
    ...IMAGES,
    above: 0,
    description: 'Standard deviation to divide by per channel, for pixels scaled to 0..1',
  }),
};

/** Flags that embed and features share for their output. */
export const dtypeFlag = Flags.option({
  ...inGroup('Results'),
  ...COMMON,
  helpValue: 'TYPE',
  options: ['float32', 'float16'] as const,
  default: 'float32',
  summary: 'float32 (default) or float16',
  description: 'Data type of the values written',
})();

export const quietFlag = Flags.boolean({
  ...GENERAL,
  ...COMMON,
  char: 'q',
  description: 'No progress or summary; errors are still shown',
});

/** The flags of every job command. */
export const sharedFlags = {
  model: Flags.string({
    ...MODEL,
    ...COMMON,
    char: 'm',
    helpValue: 'MODEL',
    default: DEFAULT_MODEL,
    summary: 'timm name, checkpoint or demo (see halonet models)',
    description: `${RUNNABLE_DESCRIPTION}; models of timm and the hub are downloaded once`,
  }),
  architecture: architectureFlag,
  precision: Flags.option({
    ...MODEL,
    ...COMMON,
    helpValue: 'TYPE',
    options: ['fp32', 'fp16', 'int8'] as const,
    summary: 'fp32, fp16 or int8 (about twice as fast on CPUs)',
    description:
      "Arithmetic of the network; the model's own by default. int8 is for CPUs: about twice as fast, with nearly always the same predictions. fp16 is for GPUs",
  })(),
  calibration: Flags.string({
    ...MODEL,
    helpValue: 'FOLDER',
    description:
      'Images to calibrate --precision int8 on. By default halonet uses the calibration file beside the checkpoint; if there is none, it calibrates on up to 64 of the first 1024 inputs and writes that file',
  }),
  output: Flags.string({
    ...OUTPUT,
    ...COMMON,
    char: 'o',
    helpValue: 'PATH',
    default: '-',
    summary: 'Output file; standard output by default',
    description:
      'Output file; - is standard output. Names such as x.csv.gz and x.jsonl.zst give compressed text',
  }),
  format: Flags.option({
    ...OUTPUT,
    ...COMMON,
    char: 'f',
    helpValue: 'FORMAT',
    options: FORMAT_NAMES,
    summary: 'csv, jsonl, npy or parquet (default: by extension)',
    description: 'csv, jsonl, npy or parquet; by default from the extension of the output, otherwise csv',
  })(),
  'csv-safe': Flags.boolean({
    ...OUTPUT,
    description: 'In CSV, put an apostrophe before text that a spreadsheet would run as a formula',
  }),
  columns: factColumns({
    ...OUTPUT,
    description:
      'Facts about each image to write after the path: width, height, bytes, sha256 and format, in the order given. Width and height are of the whole image, before resizing',
  }),
  overwrite: Flags.boolean({
    ...RESUMING,
    ...COMMON,
    exclusive: ['resume', 'sync'],
    summary: 'Replace an existing output',
    description: 'Replace an existing output, and discard an unfinished run',
  }),
  resume: Flags.boolean({
    ...RESUMING,
    ...COMMON,
    description: 'Continue an interrupted run, or start one',
  }),
  sync: Flags.boolean({
    ...RESUMING,
    ...COMMON,
    summary: 'Update an output after its inputs have changed',
    description:
      'Update an output after its inputs have changed: compute new and changed images, keep all other rows. Continues an interrupted run, as --resume does',
  }),
  checkpoint: seconds({
    ...RESUMING,
    default: 5,
    description:
      'How often a run saves its progress: the most work that a crash can cost. Unrelated to model checkpoints',
  }),
  from: Flags.string({
    ...INPUTS,
    ...COMMON,
    helpValue: 'FILE',
    summary: 'List of paths: .csv, .tsv, .jsonl, .parquet or text',
    description:
      'List of paths or URLs in a file or at a URL, walked after the inputs: CSV, TSV, JSON lines or Parquet by extension, otherwise text with a path on each line. Relative paths start in the folder of the list',
  }),
  'path-column': Flags.string({
    ...INPUTS,
    dependsOn: ['from'],
    helpValue: 'NAME',
    description: 'Column of the paths in --from; by default path, or another usual name such as file_name',
  }),
  root: Flags.string({
    ...INPUTS,
    dependsOn: ['from'],
    helpValue: 'DIR',
    description: 'Folder where relative paths of --from start, instead of the folder of the list',
  }),
  'keep-columns': keptColumns({
    ...INPUTS,
    description:
      'Columns to carry into the output, after the path: names, or all. They come with lists (--from), Parquet files and WebDataset samples',
  }),
  'crop-columns': cropColumns({
    ...INPUTS,
    dependsOn: ['from'],
    description:
      'Columns of --from with a box in the image of each line: left, top, width and height. Each line then gives one row, for its box only',
  }),
  'crop-units': Flags.option({
    ...INPUTS,
    dependsOn: ['crop-columns'],
    options: ['pixels', 'fraction'] as const,
    description:
      'Units of --crop-columns: pixels (the default), or fraction: 0..1 of the width and height of the image',
  })(),
  extensions: extensions({
    ...INPUTS,
    description:
      'Extensions of the files to read in folders and archives, such as jpg,png; by default, all image formats that halonet decodes',
  }),
  'image-column': Flags.string({
    ...INPUTS,
    helpValue: 'NAME',
    description:
      'Column of Parquet files that holds the images, as bytes or as in the datasets of Hugging Face; by default, the only one that can',
  }),
  's3-endpoint': server({
    ...INPUTS,
    description:
      'Server of s3:// addresses other than that of AWS, such as a MinIO; overrides AWS_ENDPOINT_URL and the profile',
  }),
  's3-anonymous': Flags.boolean({
    ...INPUTS,
    description: 'Read s3:// addresses without credentials, as public buckets allow',
  }),
  null: Flags.boolean({
    ...INPUTS,
    description:
      'Paths on standard input end in NULs only, as from find -print0, and may contain newlines. By default they end in newlines or NULs, whichever comes first',
  }),
  include: pathPattern({
    ...INPUTS,
    multiple: true,
    multipleNonGreedy: true,
    description:
      'Take only images whose path matches, such as "*.png" (in any folder) or "cats/**" (below any folder of that name); repeat for more patterns',
  }),
  exclude: pathPattern({
    ...INPUTS,
    multiple: true,
    multipleNonGreedy: true,
    description: 'Leave out images whose path matches; repeat for more patterns',
  }),
  limit: wholeNumber({
    ...INPUTS,
    min: 1,
    description: 'Take only the first N images',
  }),
  sample: wholeNumber({
    ...INPUTS,
    min: 1,
    description:
      'Take only N images, chosen at random and kept in their order. Reads the list of all inputs first',
  }),
  seed: wholeNumber({
    ...INPUTS,
    min: 0,
    dependsOn: ['sample'],
    helpValue: 'SEED',
    description: 'Seed of --sample: the same seed chooses the same images of the same inputs. 0 if left out',
  }),
  'allow-empty': Flags.boolean({
    ...INPUTS,
    description: 'Write an empty output if the inputs contain no images, instead of failing',
  }),
  'check-space': Flags.boolean({
    ...OUTPUT,
    allowNo: true,
    default: true,
    description: 'Stop early if the disk has no room for all rows',
  }),
  'dry-run': Flags.boolean({
    ...GENERAL,
    ...COMMON,
    summary: 'Report what a run would do, and write nothing',
    description:
      'Report what a run would do, and write nothing: images, size of each output file, free disk space, time. Exits with code 2 if the run could not start or would not fit',
  }),
  'max-failures': failureLimit({
    ...FAILURES,
    exclusive: ['fail-fast'],
    summary: 'Stop when more than N images, or P% of them, have failed',
    description:
      'Stop when more than N images, or more than P% of the images so far, have failed (P% is checked from the 100th image on)',
  }),
  'fail-fast': Flags.boolean({ ...FAILURES, description: 'Stop at the first image that fails' }),
  'failures-ok': Flags.boolean({
    ...FAILURES,
    description:
      'Exit with 0 even if images failed, as workflow engines need, which delete the outputs of a failed job. A run that stops early still exits with its own code',
  }),
  ...evaluationFlags,
  'auto-orient': Flags.boolean({
    ...IMAGES,
    allowNo: true,
    default: true,
    description: 'Rotate images by their EXIF orientation, which timm does only for TIFF',
  }),
  decode: Flags.option({
    ...IMAGES,
    helpValue: 'MODE',
    options: DECODES,
    default: 'exact',
    description:
      "exact gives timm's pixels; near and fast shrink images while decoding, which saves time on large ones",
  })(),
  'max-pixels': pixels({
    ...FAILURES,
    default: MAX_PIXELS,
    description: 'Fail images with more pixels than this; 100M is 100 million',
  }),
  'fail-on': Flags.option({
    ...FAILURES,
    helpValue: 'DAMAGE',
    options: FAULTS,
    default: 'truncated',
    description:
      'Mildest damage that makes an image fail: warning (any decoder warning), error (any decoder error), truncated (the file ends early), or none (only images that cannot be decoded at all)',
  })(),
  'decode-timeout': timeout({
    ...FAILURES,
    default: DECODE_SECONDS,
    description: 'Fail images that take longer than this to read and decode',
  }),
  'fetch-timeout': timeout({
    ...FAILURES,
    default: FETCH_SECONDS,
    description:
      'Fail images whose server takes longer than this, retries included; the waits between these do not count',
  }),
  'public-hosts-only': Flags.boolean({
    ...FAILURES,
    description: 'Ask no hosts of private networks or of this machine for URLs, redirects included',
  }),
  'batch-size': wholeNumber({
    ...PERFORMANCE,
    min: 1,
    max: 4096,
    char: 'b',
    defaultHelp: async () => 'tuned automatically',
    description: 'Images per batch',
  }),
  decoders: wholeNumber({
    ...PERFORMANCE,
    min: 1,
    max: 512,
    defaultHelp: async () => 'tuned automatically',
    description: 'Images decoded at once',
  }),
  requests: wholeNumber({
    ...PERFORMANCE,
    min: 1,
    max: 512,
    default: REQUESTS,
    description: 'Images requested from servers at once',
  }),
  ...deviceFlags,
  threads: wholeNumber({
    ...PERFORMANCE,
    min: 1,
    max: 512,
    default: async () => availableParallelism(),
    defaultHelp: async () => 'one per CPU core',
    description: 'CPU threads for inference',
  }),
  progress: Flags.option({
    ...GENERAL,
    helpValue: 'KIND',
    exclusive: ['quiet'],
    options: ['bar', 'plain', 'json', 'none'] as const,
    description:
      'How far the run is: bar, a redrawn line (on a terminal); plain, a line every 10 seconds (elsewhere); json, JSON lines for programs and nothing else on standard error; or none',
  })(),
  metrics: Flags.string({
    ...GENERAL,
    helpValue: 'FILE',
    description:
      'Write the progress to a Prometheus text file too, replaced every 10 seconds and at the end; node_exporter reads files that end in .prom',
  }),
  quiet: quietFlag,
};

const { output, format, 'csv-safe': csvSafe, ...commonFlags } = sharedFlags;

/** The shared flags of a single output. */
export const outputFlags = { output, format, 'csv-safe': csvSafe };

/** The shared flags that concern all outputs of a job. */
export { commonFlags };

/** The INPUT arguments of a job command. */
export const inputArgs = {
  input: Args.string({
    multiple: true,
    ignoreStdin: true, // standard input is read only for the argument -
    description: 'Images, folders, archives, URLs, patterns; - for a list of paths',
  }),
};

/** Converts the parsed evaluation flags to options. */
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

/** The parsed values of the shared flags that concern all outputs. */
export type CommonFlags = Omit<SharedFlags, keyof typeof outputFlags>;

/** The facts that every job command adds to its help. */
export const JOB_DESCRIPTION =
  'Writes one row per image, in input order. An image that cannot be read still gets a row, with the reason. Folders are searched recursively, in sorted order.';
