import { bytesText } from '../bytes-text.js';
import { OutputError } from '../errors.js';
import type { OutputLayout } from '../outputs/layout.js';
import { npyHeaderBytes } from '../outputs/npy.js';
import { byteCount } from '../tensor.js';
import { RECORD_BYTES } from './ledger.js';

/** What an output takes on disk: all bytes but those of its text and its manifest follow from its layout. */
export interface RowSpace {
  readonly headers: number; // bytes of all files before their first rows
  readonly arrays: number; // bytes of a row in the arrays
  readonly ledger: number; // and in the ledger beside them
  readonly classes: number; // of the file of the classes, which is written at the end
}

export function rowSpace({ text, arrays, classes = '' }: OutputLayout): RowSpace {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    headers:
      Buffer.byteLength(text.header) + sum(arrays.map(({ dtype, shape }) => npyHeaderBytes(dtype, shape))),
    arrays: sum(arrays.map(byteCount)),
    ledger: RECORD_BYTES,
    classes: Buffer.byteLength(classes),
  };
}

/** How far an output is. */
export interface Written {
  readonly rows: number;
  readonly bytes: number; // of its text and its arrays, with their headers
}

/** Rows that tell how long the text of the others will be. */
export const TELLING_ROWS = 16;

/**
 * Bytes that an output of `total` rows still needs. Arrays and ledger are exact; the text of rows to come is taken to be as
 * long as that of the rows so far, and as nothing where these are too few to tell.
 */
export function bytesLeft(layout: OutputLayout, { rows, bytes }: Written, total: number): number {
  const { headers, arrays, ledger, classes } = rowSpace(layout);
  const text = rows < TELLING_ROWS ? 0 : (bytes - headers - rows * arrays) / rows;
  return Math.ceil(Math.max(0, total - rows) * (arrays + ledger + text)) + classes;
}

/** Where there is too little space. */
export interface Shortage {
  readonly needed: number; // bytes
  readonly free: number;
  readonly folder: string; // on the disk in question
}

export function outOfSpace(output: string, { needed, free, folder }: Shortage): OutputError {
  return new OutputError(
    `There is too little space for ${output}: it takes another ${bytesText(needed)}, and ${bytesText(free)} are free in ${folder}.`,
    { hint: 'Free some space, or write to another disk; --no-check-space runs until the disk is full.' },
  );
}
