import { extname } from 'node:path';
import { OutputError } from '../errors.js';
import type { OutputKind } from './layout.js';
import { isStdout } from './place.js';

const OUTPUT_FORMATS = ['csv', 'npy', 'jsonl'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

const FORMAT_OF_EXTENSION: Readonly<Record<string, OutputFormat>> = {
  '.csv': 'csv',
  '.npy': 'npy',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

// A slip of the shell (`-o photos/*`) would otherwise cost a photo.
const IMAGE =
  /\.(jpe?g|png|webp|gif|tiff?|avif|svg|bmp|dib|ico|cur|p[nbgp]m|qoi|tga|hei[cf]|hif|j[p2][2kfxc]|jxl)$/i;

/**
 * The format of an output: the one asked for, else the one its extension (in any case) stands for,
 * else the command's default where the output has no extension. An explicit format may disagree
 * with the extension.
 * @throws {OutputError} for the extension of an image or an unknown one, or NPY to standard output
 */
export function chooseFormat(
  explicit: OutputFormat | undefined,
  output: string,
  fallback: OutputFormat,
): OutputFormat {
  if (IMAGE.test(output)) {
    throw new OutputError(`${output} has the name of an image, which results must not replace.`, {
      hint: 'Name the output for its format: .csv, .jsonl or .npy.',
    });
  }
  const format = explicit ?? formatOfExtension(output) ?? fallback;
  if (format === 'npy' && isStdout(output)) {
    throw new OutputError('NPY cannot be written to standard output: its header is completed at the end.', {
      hint: 'Name a file with --output, or pass --format jsonl or --format csv.',
    });
  }
  return format;
}

const KIND_OF_ARRAYS = { classify: 'scores', embed: 'matrix', features: 'folder' } as const;

/** What an output of a format consists of. */
export function outputKind(command: keyof typeof KIND_OF_ARRAYS, format: OutputFormat): OutputKind {
  if (format !== 'npy') return 'text';
  return KIND_OF_ARRAYS[command];
}

/** A feature map has three dimensions, and a CSV row one. */
export function unpooledCsv(): OutputError {
  return new OutputError('CSV holds pooled features only: whole feature maps need the format npy or jsonl.', {
    hint: 'Pass --format npy, --format jsonl or --pool avg.',
  });
}

function formatOfExtension(output: string): OutputFormat | undefined {
  const extension = extname(output).toLowerCase();
  if (extension === '') return undefined;
  const format = FORMAT_OF_EXTENSION[extension];
  if (format !== undefined) return format;
  const known = Object.keys(FORMAT_OF_EXTENSION).join(', ');
  throw new OutputError(`The extension of ${output} names no output format: expected one of ${known}.`, {
    hint: `Rename the output, or pass --format ${OUTPUT_FORMATS.join(', ')}.`,
  });
}
