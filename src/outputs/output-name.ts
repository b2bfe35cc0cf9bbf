import { basename, dirname, extname, join } from 'node:path';
import { OutputError } from '../errors.js';

export const OUTPUT_FORMATS = ['csv', 'npy', 'jsonl'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What the name of an output is held against. */
export interface NamedOutput {
  readonly output: string; // as the user gave it
  readonly asFolder: boolean; // whether NPY is a folder of arrays
}

const FORMAT_OF_EXTENSION: Readonly<Record<string, OutputFormat>> = {
  '.csv': 'csv',
  '.npy': 'npy',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

// With --format these go, too.
const LOOSE: Readonly<Record<string, readonly OutputFormat[]>> = {
  '.json': ['jsonl'],
  '.txt': ['csv', 'jsonl'],
};

// Whatever --format says, other programs would take the file for something else.
const FOREIGN =
  /\.(npz|tsv|xlsx?|ods|parquet|arrow|feather|orc|avro|h5|hdf5?|zarr|mat|nc|pkl|pickle|pt|pth|ckpt|safetensors|onnx|ya?ml|xml|html?|sqlite3?|db|duckdb)$/;

// A slip of the shell (`-o photos/*`) would otherwise cost a photo.
const IMAGE =
  /\.(jpe?g|png|webp|gif|tiff?|avif|svg|bmp|dib|ico|cur|p[nbgp]m|qoi|tga|hei[cf]|hif|j[p2][2kfxc]|jxl)$/;

const COMPRESSED = /\.(gz|gzip|bz2|xz|lzma|zstd?|lz4|br|z|zip|7z|rar|tar|tgz|tbz2?|txz)$/;
const COMPRESSORS: Readonly<Record<string, string>> = {
  ...{ '.gz': 'gzip', '.bz2': 'bzip2', '.xz': 'xz', '.zst': 'zstd', '.lz4': 'lz4' },
};

/**
 * The format that the extension of an output stands for, in any case; undefined where it has none.
 * @throws {OutputError} where it stands for none
 */
export function formatOfName(named: NamedOutput): OutputFormat | undefined {
  const { output } = named;
  const extension = extensionOf(output);
  if (extension === '') return undefined;
  const format = FORMAT_OF_EXTENSION[extension];
  if (format !== undefined) return format;
  const known = Object.keys(FORMAT_OF_EXTENSION)
    .filter((one) => one !== '.npy' || !named.asFolder)
    .join(', ');
  const names = `${nameFor(named, 'csv')}, ${nameFor(named, 'jsonl')}`;
  const kept = FOREIGN.test(extension) ? '' : ', or say with --format what it is to hold';
  throw new OutputError(`The extension of ${output} names no output format: expected one of ${known}.`, {
    hint: `Name it ${names} or ${nameFor(named, 'npy')}${kept}.`,
  });
}

/**
 * Refuses a name that says something else than what would be written under it.
 * @throws {OutputError} with the name to use
 */
export function refuseMisleadingName(named: NamedOutput, format: OutputFormat): void {
  const { output, asFolder } = named;
  const extension = extensionOf(output);
  if (asFolder && format === 'npy' && isOfFiles(extension)) {
    throw new OutputError(`${output} is the name of a file, and features in NPY are a folder of files.`, {
      hint: `Name the folder: --output ${nameFor(named, 'npy')}`,
    });
  }
  if (!isOfFiles(extension) || formatsUnder(extension).includes(format)) return;
  const asExtension = FORMAT_OF_EXTENSION[extension] === undefined ? '' : ', or leave out --format';
  throw new OutputError(`The extension of ${output} does not go with --format ${format}.`, {
    hint: `Name it ${nameFor(named, format)}${asExtension}.`,
  });
}

/**
 * Refuses names under which nothing of ours may stand, whatever the format.
 * @throws {OutputError} with the name to use
 */
export function refuseForeignName(named: NamedOutput): void {
  const { output } = named;
  const extension = extensionOf(output);
  if (IMAGE.test(extension)) {
    throw new OutputError(`${output} has the name of an image, which results must not replace.`, {
      hint: 'Name the output for its format: .csv, .jsonl or .npy.',
    });
  }
  if (COMPRESSED.test(extension)) {
    throw new OutputError(
      `${output} is the name of a compressed file, and none is written: an interrupted run goes on where its file ends.`,
      { hint: compressedHint(named) },
    );
  }
}

function compressedHint(named: NamedOutput): string {
  const { output } = named;
  const compressor = COMPRESSORS[extensionOf(output)];
  const inner = { ...named, output: withoutCompression(output) };
  const format = FORMAT_OF_EXTENSION[extensionOf(inner.output)] ?? (named.asFolder ? 'npy' : 'csv');
  const name = nameFor(inner, format);
  if (compressor === undefined || (named.asFolder && format === 'npy'))
    return `Write ${name}, and pack it when it is done.`;
  const afterwards = `Write ${name}, and compress it when it is done: ${compressor} ${name}`;
  return format === 'npy' ? afterwards : `${afterwards} (or pipe it: halonet … | ${compressor} > ${output})`;
}

/** `x.csv` of `x.csv.gz`, and `x` of `x.tar.gz`. */
function withoutCompression(output: string): string {
  return COMPRESSED.test(extensionOf(output)) ? withoutCompression(stemOf(output)) : output;
}

/** What the output would be called in a format. */
function nameFor({ output, asFolder }: NamedOutput, format: OutputFormat): string {
  const stem = isOfFiles(extensionOf(output)) ? stemOf(output) : output;
  return asFolder && format === 'npy' ? stem : `${stem}.${format}`;
}

/** Whether an extension says what a file holds; others may be part of any name, as in `run.7`. */
function isOfFiles(extension: string): boolean {
  return formatsUnder(extension).length > 0 || FOREIGN.test(extension);
}

function formatsUnder(extension: string): readonly OutputFormat[] {
  const format = FORMAT_OF_EXTENSION[extension];
  return format === undefined ? (LOOSE[extension] ?? []) : [format];
}

const extensionOf = (output: string) => extname(output).toLowerCase();

function stemOf(output: string): string {
  const name = basename(output, extname(output));
  return dirname(output) === '.' && !output.startsWith('./') ? name : join(dirname(output), name);
}
