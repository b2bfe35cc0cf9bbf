import type { ImageFailure } from './errors.js';
import type { Facts } from './facts.js';
import type { FileIdentity } from './file-identity.js';
import type { Tensor } from './tensor.js';

/** Values that came with an item, by column name, in the order of the columns. */
export type Columns = Readonly<Record<string, string | number | boolean | null>>;

/** What the text of a row says about its item. */
export interface RowName {
  readonly id: string;
  readonly columns?: Columns | undefined;
}

/**
 * The result for one input, in input order. `outputs` holds one tensor per requested model output
 * (`logits`, `embedding`, `stage2`, …) without the batch dimension.
 */
export type Row = {
  readonly id: string; // of its item: the column `path`
  readonly target?: string | undefined; // what the id resolves to; left out if the same
  readonly columns?: Columns | undefined; // values that came with the item
  readonly file?: FileIdentity | undefined; // undefined if nothing is known about the file
  readonly facts?: Facts | undefined; // about the image; no part of its name. Stored rows have theirs in their text
} & (
  | { readonly status: 'ok'; readonly outputs: Readonly<Record<string, Tensor>> }
  | { readonly status: 'failed'; readonly failure: ImageFailure }
  | { readonly status: 'stored'; readonly stored: StoredRow }
);

export type OkRow = Extract<Row, { status: 'ok' }>;
export type FailedRow = Extract<Row, { status: 'failed' }>;

/** Returns a row as stored in one of an output's files, by the file's name. */
export type StoredBytes = (file: string) => Promise<Uint8Array>;

/** A row of an earlier output, to be reused as stored. */
export interface StoredRow {
  readonly key: bigint; // of its id
  readonly target: bigint; // the key of what the id resolves to
  readonly failure: ImageFailure['code'] | undefined;
  readonly bytes: StoredBytes;
  readonly others?: readonly StoredBytes[]; // in the other outputs of the run, in their order
}

/** The number of rows, and of failures by code. */
export interface RowCounts {
  readonly rows: number;
  readonly failures: Readonly<Partial<Record<ImageFailure['code'], number>>>;
}

/** Counts one more failure of a code; does nothing if the code is undefined. */
export function countFailure(
  failures: Partial<Record<ImageFailure['code'], number>>,
  code: ImageFailure['code'] | undefined,
): void {
  if (code !== undefined) failures[code] = (failures[code] ?? 0) + 1;
}

/** Returns why a row has no result; undefined if it has one. */
export function failureCode(row: Row): ImageFailure['code'] | undefined {
  if (row.status === 'stored') return row.stored.failure;
  return row.status === 'failed' ? row.failure.code : undefined;
}

/**
 * Where rows go. The order of calls is `write`*, then `commit` or `leave`; call `leave` after any failure, including one of
 * `commit`. `write` resolves when the sink can take more (backpressure). No file has its final name before `commit`.
 */
export interface RowSink<Facts = unknown> {
  readonly counts: RowCounts; // of all rows of the output so far, including those of earlier runs
  write(row: Row): Promise<void>;
  /** @param facts what the manifest records about the run besides its rows */
  commit(facts: Facts): Promise<void>;
  /** Ends without a commit. @returns the number of rows that a later run can resume after */
  leave(): Promise<number>;
}
