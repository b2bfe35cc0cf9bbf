import { OutputError } from '../errors.js';
import { isStdout } from '../files/place.js';
import type { OutputKind } from './layout.js';
import { formatOfName, type OutputFormat, refuseForeignName, refuseMisleadingName } from './output-name.js';

type Command = 'classify' | 'embed' | 'features';

const KIND_OF_ARRAYS = { classify: 'scores', embed: 'matrix', features: 'folder' } as const;

/** What the format of an output follows from. */
export interface FormatQuestion {
  readonly command: Command;
  readonly output: string; // a path, or '-'
  readonly asked: OutputFormat | undefined; // by --format
  readonly otherwise: OutputFormat; // where the output has no extension
  readonly settled?: boolean; // its run was begun under another of its names, and with `asked`
}

/**
 * The format of an output: the one asked for, else the one its extension (in any case) stands for, else the command's default
 * where the output has no extension.
 * @throws {OutputError} for an extension that is unknown or says something else than what would be written, or NPY to
 *   standard output
 */
export function chooseFormat(question: FormatQuestion): OutputFormat {
  const { command, output, asked, otherwise, settled = false } = question;
  if (settled && asked !== undefined) return asked;
  const named = { output, asFolder: KIND_OF_ARRAYS[command] === 'folder' };
  refuseForeignName(named);
  const format = asked ?? formatOfName(named) ?? otherwise;
  if (format === 'npy' && isStdout(output)) {
    throw new OutputError('NPY cannot be written to standard output: its header is completed at the end.', {
      hint: 'Name a file with --output, or pass --format jsonl or --format csv.',
    });
  }
  refuseMisleadingName(named, format);
  return format;
}

/** What an output of a format consists of. */
export function outputKind(command: Command, format: OutputFormat): OutputKind {
  if (format !== 'npy') return 'text';
  return KIND_OF_ARRAYS[command];
}

/** A feature map has three dimensions, and a CSV row one. */
export function unpooledCsv(): OutputError {
  return new OutputError('CSV holds pooled features only: whole feature maps need the format npy or jsonl.', {
    hint: 'Pass --format npy, --format jsonl or --pool avg.',
  });
}
