import { basename, dirname, extname, join } from 'node:path';
import { alternatives } from '../alternatives.js';
import { OutputError } from '../errors.js';
import { compressedFormat, isCompressible } from './compressed/compressed-format.js';
import type { Compression } from './compressed/compression.js';
import { COMPRESSIONS } from './compressed/compressions.js';
import type { Command, Format } from './formats/format.js';

/** The name of an output, and what to check it against. */
export interface NamedOutput {
  readonly output: string; // as the user gave it
  readonly command: Command;
  readonly formats: readonly Format[];
  readonly compression?: Compression | undefined; // that its last extension selects
}

// Whatever --format says, other programs would misread the file.
const FOREIGN =
  /\.(npz|tsv|xlsx?|ods|arrow|feather|orc|avro|h5|hdf5?|zarr|mat|nc|pkl|pickle|pt|pth|ckpt|safetensors|onnx|ya?ml|xml|html?|sqlite3?|db|duckdb)$/;

// A mistake in the shell (`-o photos/*`) would otherwise overwrite a photo.
const IMAGE =
  /\.(jpe?g|png|webp|gif|tiff?|avif|svg|bmp|dib|ico|cur|p[nbgp]m|qoi|tga|hei[cf]|hif|j[p2][2kfxc]|jxl)$/;

const COMPRESSED = /\.(gz|gzip|bz2|xz|lzma|zstd?|lz4|br|z|zip|7z|rar|tar|tgz|tbz2?|txz)$/;
const COMPRESSORS: Readonly<Record<string, string>> = {
  '.gz': 'gzip',
  '.bz2': 'bzip2',
  '.xz': 'xz',
  '.zst': 'zstd',
  '.lz4': 'lz4',
};

/** Returns the compression that the last extension of an output selects, in any case. */
export function compressionOfName(output: string): Compression | undefined {
  return COMPRESSIONS.find(({ extension }) => extension === lastExtension(output));
}

/**
 * Returns the format that the extension of an output selects, in any case; undefined if there is no extension.
 * @throws {OutputError} if the extension selects no format
 */
export function formatOfName(named: NamedOutput): Format | undefined {
  const { output } = named;
  const extension = extensionOf(named);
  if (extension === '') return undefined;
  const format = formatOf(extension, named);
  if (format !== undefined) return format;
  const known = offered(named)
    .filter((one) => !isFolder(named, one))
    .flatMap(({ extensions }) => extensions)
    .map((extension) => extension + (named.compression?.extension ?? ''));
  const names = proposalOrder(named).map((one) => nameFor(named, one));
  throw new OutputError(
    `the extension of ${output} is not an output format: expected ${alternatives(known)}`,
    { hint: `Name it ${alternatives(names.filter((name) => name !== output))}${keptHint(named)}.` },
  );
}

/** Returns how to keep a name whose extension selects no format; '' if that is impossible. */
function keptHint(named: NamedOutput): string {
  const { output } = named;
  const extension = extensionOf(named);
  if (FOREIGN.test(extension)) return '';
  const folder = isOfFiles(extension, named) ? undefined : offered(named).find((one) => isFolder(named, one));
  if (folder === undefined) return ', or choose its format with --format';
  return `, or add --format ${folder.name} to write a folder ${output}`;
}

/**
 * Refuses a name that contradicts the format to be written.
 * @throws {OutputError} with the name to use
 */
export function refuseMisleadingName(named: NamedOutput, format: Format): void {
  const { output } = named;
  const extension = extensionOf(named);
  if (named.compression === undefined && isFolder(named, format) && isOfFiles(extension, named)) {
    throw new OutputError(
      `${output} is the name of a file, but features are written as ${format.title} to a folder, one file per stage`,
      { hint: `Name the folder: --output ${nameFor(named, format)}` },
    );
  }
  if (!isOfFiles(extension, named) || formatsUnder(extension, named).includes(format)) return;
  const asExtension = formatOf(extension, named) === undefined ? '' : ', or leave out --format';
  throw new OutputError(`the extension of ${output} does not go with --format ${format.name}`, {
    hint: `Name it ${nameFor(named, format)}${asExtension}.`,
  });
}

/**
 * Refuses names that no output may have, whatever the format.
 * @param otherwise the format of an output without an extension
 * @throws {OutputError} with the name to use
 */
export function refuseForeignName(named: NamedOutput, otherwise: Format): void {
  const { output } = named;
  const extension = extensionOf(named);
  if (IMAGE.test(extension)) {
    throw new OutputError(`${output} has the name of an image, which results must not replace`, {
      hint: `Name the output for its format: ${alternatives(proposalOrder(named).map(({ name }) => `.${name}`))}.`,
    });
  }
  if (COMPRESSED.test(extension)) {
    throw new OutputError(
      `${output} names a file that is compressed or packed in a way that halonet does not write`,
      { hint: foreignHint(named, otherwise) },
    );
  }
}

function foreignHint(named: NamedOutput, otherwise: Format): string {
  const bare = { ...named, output: withoutCompression(named.output), compression: undefined };
  const format = formatOf(extensionOf(bare), named) ?? otherwise;
  const afterwards = afterwardsText(bare, format, COMPRESSORS[lastExtension(named.output)]);
  return isCompressible(format)
    ? `Name it ${alternatives(COMPRESSIONS.map((compression) => nameFor(bare, compressedFormat(format, compression))))}, or write ${afterwards}`
    : `Write ${afterwards}`;
}

/** Returns the error for a format that is not written compressed. */
export function uncompressible(named: NamedOutput, format: Format): OutputError {
  const { output, formats, compression } = named;
  const bare = { ...named, output: bareName(named), compression: undefined };
  const names = formats.filter(isCompressible).map((one) => nameFor(named, one));
  const afterwards = afterwardsText(bare, format, compression?.name);
  return new OutputError(`${output} names a compressed file, and ${format.title} is not written compressed`, {
    hint: `Name it ${alternatives(names)} for compressed text, or write ${afterwards}`,
  });
}

/** Returns a name, and how to compress what it names. */
function afterwardsText(named: NamedOutput, format: Format, compressor: string | undefined): string {
  const name = nameFor(named, format);
  if (compressor === undefined || isFolder(named, format)) return `${name}, and pack it when it is done.`;
  return `${name}, and compress it when it is done: ${compressor} ${name}`;
}

/** Strips compression extensions: `x.csv.gz` becomes `x.csv`, and `x.tar.gz` becomes `x`. */
function withoutCompression(output: string): string {
  return COMPRESSED.test(lastExtension(output)) ? withoutCompression(stemOf(output)) : output;
}

/** Returns the name to suggest for the output in a format. */
function nameFor(named: NamedOutput, format: Format): string {
  const bare = bareName(named);
  const stem = isOfFiles(extensionOf(named), named) ? stemOf(bare) : bare;
  const suffix = isCompressible(format) ? (named.compression?.extension ?? '') : '';
  return isFolder(named, format) ? stem : `${stem}.${format.name}${suffix}`;
}

/** Returns whether an extension denotes a file format; others may be part of any name, as in `run.7`. */
function isOfFiles(extension: string, named: NamedOutput): boolean {
  return formatsUnder(extension, named).length > 0 || FOREIGN.test(extension);
}

/** Returns the formats that may be written under an extension. */
function formatsUnder(extension: string, named: NamedOutput): readonly Format[] {
  const format = formatOf(extension, named);
  return format === undefined
    ? named.formats.filter(({ otherExtensions }) => otherExtensions.includes(extension))
    : [format];
}

function formatOf(extension: string, { formats }: NamedOutput): Format | undefined {
  return formats.find(({ extensions }) => extensions.includes(extension));
}

function isFolder({ command }: NamedOutput, format: Format): boolean {
  return format[command].arrangement.folder;
}

/** Returns the formats that an output with the compression of its name may have. */
function offered({ formats, compression }: NamedOutput): readonly Format[] {
  return compression === undefined ? formats : formats.filter(isCompressible);
}

/** Returns these formats, those with a single file first. */
function proposalOrder(named: NamedOutput): readonly Format[] {
  const isSingle = (format: Format) => Number(format[named.command].arrangement.streams);
  return offered(named).toSorted((one, other) => isSingle(other) - isSingle(one));
}

/** Returns the name without the extension that selects its compression. */
const bareName = ({ output, compression }: NamedOutput) =>
  compression === undefined ? output : stemOf(output);

const extensionOf = (named: NamedOutput) => lastExtension(bareName(named));

const lastExtension = (output: string) => extname(output).toLowerCase();

function stemOf(output: string): string {
  const name = basename(output, extname(output));
  return dirname(output) === '.' && !output.startsWith('./') ? name : join(dirname(output), name);
}
