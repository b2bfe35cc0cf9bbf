import { OutputError } from '../errors.js';
import { isStdout } from '../files/place.js';
import { compressedFormat, isCompressible } from './compressed/compressed-format.js';
import type { Compression } from './compressed/compression.js';
import { COMPRESSIONS } from './compressed/compressions.js';
import type { Command, Format } from './formats/format.js';
import { FORMATS } from './formats/registry.js';
import {
  compressionOfName,
  formatOfName,
  type NamedOutput,
  refuseForeignName,
  refuseMisleadingName,
  uncompressible,
} from './output-name.js';

/** What determines the format of an output. */
export interface FormatQuestion {
  readonly command: Command;
  readonly output: string; // a path, or '-'
  readonly asked: string | undefined; // by --format
  readonly otherwise: string; // if the output has no extension
  readonly settled?: boolean | undefined; // its run was started under another of its names, with `asked`
}

/**
 * Chooses the format of an output: the one asked for, otherwise the one of its extension (in any case), otherwise the
 * command's default if the output has no extension. A further extension, such as `.gz`, compresses the format.
 * @param formats to choose from
 * @throws {OutputError} for an unknown extension, one that contradicts the format, a format that cannot be compressed, or one
 *   that cannot go to standard output
 */
export function chooseFormat(
  { command, output, asked, otherwise, settled = false }: FormatQuestion,
  formats: readonly Format[] = Object.values(FORMATS),
): Format {
  if (settled && asked !== undefined) return formatNamed(asked, [...formats, ...allCompressed(formats)]);
  const fallback = formatNamed(otherwise, formats);
  const wanted = asked === undefined ? undefined : formatNamed(asked, formats);
  const compression = compressionOfName(output);
  const named: NamedOutput = { output, command, formats, compression };
  refuseForeignName(named, fallback);
  const format = wanted ?? formatOfName(named) ?? fallback;
  if (isStdout(output) && !format[command].arrangement.streams) {
    const streamed = formats.filter((one) => one[command].arrangement.streams);
    throw new OutputError(
      `${format.title} cannot be written to standard output: its file is completed at the end`,
      {
        hint: `Name a file with --output, or pass ${streamed.map((one) => `--format ${one.name}`).join(' or ')}.`,
      },
    );
  }
  refuseMisleadingName(named, format);
  if (compression === undefined) return format;
  if (!isCompressible(format)) throw uncompressible(named, format);
  return compressedFormat(format, compression);
}

const allCompressed = (formats: readonly Format[]) =>
  COMPRESSIONS.flatMap((compression: Compression) =>
    formats.filter(isCompressible).map((format) => compressedFormat(format, compression)),
  );

function formatNamed(name: string, formats: readonly Format[]): Format {
  const format = formats.find((one) => one.name === name);
  if (format !== undefined) return format;
  const names = formats.map((one) => one.name).join(', ');
  throw new OutputError(`there is no output format ${name}`, { hint: `Choose one of ${names}.` });
}
