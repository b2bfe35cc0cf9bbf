import { bytesText } from '../bytes-text.js';
import { OutputError } from '../errors.js';
import type { OutputLayout } from '../outputs/layout.js';
import { isGrowing } from '../outputs/row-file.js';
import { RECORD_BYTES } from './ledger.js';

/** What an output takes on disk: all bytes but those of its text and its manifest follow from its layout. */
export interface RowSpace {
  readonly headers: number; // bytes of all files that have rows, before their first rows
  readonly fixed: number; // bytes of a row in files whose rows all have one length
  readonly ledger: number; // and in the ledger beside them
  readonly rowless: number; // bytes of the files without rows, which are written at the end
}

export function rowSpace({ files }: Pick<OutputLayout, 'files'>): RowSpace {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const lengths = (some: OutputLayout['files']) => sum(some.map(({ header }) => header.byteLength));
  return {
    headers: lengths(files.filter(isGrowing)),
    fixed: sum(files.map(({ rows }) => rows?.bytes ?? 0)),
    ledger: RECORD_BYTES,
    rowless: lengths(files.filter((file) => !isGrowing(file))),
  };
}

/** How far an output is. */
export interface Written {
  readonly rows: number;
  readonly bytes: number; // of its files that have rows, with their headers
}

/** Rows that tell how long the text of the others will be. */
export const TELLING_ROWS = 16;

/**
 * Bytes that an output of `total` rows still needs. The ledger and rows of one length are exact; the text of rows to come is taken to be as
 * long as that of the rows so far, and as nothing where these are too few to tell.
 */
export function bytesLeft(layout: OutputLayout, { rows, bytes }: Written, total: number): number {
  const { headers, fixed, ledger, rowless } = rowSpace(layout);
  const text = rows < TELLING_ROWS ? 0 : (bytes - headers - rows * fixed) / rows;
  return Math.ceil(Math.max(0, total - rows) * (fixed + ledger + text)) + rowless;
}

/** Where there is too little space. */
export interface Shortage {
  readonly needed: number; // bytes
  readonly free: number;
  readonly folder: string; // on the disk in question
}

export function outOfSpace(output: string, { needed, free, folder }: Shortage): OutputError {
  return new OutputError(
    `There is not enough disk space for ${output}: it needs another ${bytesText(needed)}, and ${bytesText(free)} are free in ${folder}.`,
    { hint: 'Free some space, or write to another disk; --no-check-space runs until the disk is full.' },
  );
}
