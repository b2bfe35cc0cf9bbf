import { enumeration } from '../alternatives.js';
import { bytesText } from '../bytes-text.js';
import { OutputError } from '../errors.js';
import type { OutputLayout } from '../outputs/layout.js';
import { isGrowing } from '../outputs/row-file.js';
import { RECORD_BYTES } from './ledger.js';

/** The disk space of an output as its layout determines it: everything except text and the manifest. */
export interface RowSpace {
  readonly headers: number; // bytes before the first row, in all files that have rows
  readonly fixed: number; // bytes per row in files with rows of fixed length
  readonly ledger: number; // bytes per row in the ledger
  readonly rowless: number; // bytes of the files without rows, written at the end
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

/** What an output holds so far. */
export interface WrittenSoFar {
  readonly rows: number;
  readonly bytes: number; // of its files that have rows, with their headers
}

/** How many rows are enough to estimate the text length of the others. */
export const ENOUGH_ROWS = 16;

/**
 * Returns the bytes that an output of `total` rows still needs. The ledger and rows of fixed length are exact. The text of
 * further rows is estimated from the rows so far; with fewer than {@link ENOUGH_ROWS}, it counts as zero. An output that is packed
 * needs room for its row files and its own files, until it is complete.
 */
export function bytesLeft(layout: OutputLayout, { rows, bytes }: WrittenSoFar, total: number): number {
  const { headers, fixed, ledger, rowless } = rowSpace(layout);
  const text = rows < ENOUGH_ROWS ? 0 : (bytes - headers - rows * fixed) / rows;
  const further = Math.max(0, total - rows) * (fixed + text);
  const packed = (layout.packing?.growth ?? 0) * (Math.max(rows, total) * (fixed + text));
  return Math.ceil(further + packed + Math.max(0, total - rows) * ledger) + rowless;
}

/** A lack of disk space. */
export interface Shortage {
  readonly needed: number; // bytes
  readonly free: number;
  readonly folder: string; // on the disk in question
}

/** @param outputs on that disk, as the user gave them */
export function outOfSpace(outputs: readonly string[], { needed, free, folder }: Shortage): OutputError {
  const need = outputs.length === 1 ? 'it needs' : 'they need';
  return new OutputError(
    `not enough disk space for ${enumeration(outputs)}: ${need} at least ${bytesText(needed)} more, and ${bytesText(free)} are free in ${folder}`,
    { hint: 'Free some space, or write to another disk; --no-check-space runs until the disk is full.' },
  );
}
