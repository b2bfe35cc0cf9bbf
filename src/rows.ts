import type { ImageFailure } from './errors.js';
import type { FileIdentity } from './file-identity.js';
import type { Tensor } from './tensor.js';

/** Values that came with an item, by the names of their columns. */
export type Columns = Readonly<Record<string, string | number | boolean>>;

/**
 * The result for one input, in input order. `outputs` holds one tensor per requested model output
 * (`logits`, `embedding`, `stage2`, …) without the batch dimension.
 */
export type Row = {
  readonly id: string; // of its item: the column `path`
  readonly target?: string | undefined; // what the id leads to; left out where that is `id`
  readonly columns?: Columns | undefined; // what came with the item
  readonly file?: FileIdentity | undefined; // undefined where nothing could be learnt of the file
} & (
  | { readonly status: 'ok'; readonly outputs: Readonly<Record<string, Tensor>> }
  | { readonly status: 'failed'; readonly failure: ImageFailure }
  | { readonly status: 'stored'; readonly stored: StoredRow }
);

export type OkRow = Extract<Row, { status: 'ok' }>;
export type FailedRow = Extract<Row, { status: 'failed' }>;

/** A row of an earlier output, to be taken over as it stands there. */
export interface StoredRow {
  readonly key: bigint; // of its id
  readonly target: bigint; // the key of what the id leads to
  readonly failure: ImageFailure['code'] | undefined;
  readonly bytes: (file: string) => Promise<Uint8Array>; // as it stands in one of the output's files, by name
}

/** Rows by what became of their images. */
export interface RowCounts {
  readonly rows: number;
  readonly failures: Readonly<Partial<Record<ImageFailure['code'], number>>>;
}

/** Counts one more failure of a code; nothing where there is none. */
export function countFailure(
  failures: Partial<Record<ImageFailure['code'], number>>,
  code: ImageFailure['code'] | undefined,
): void {
  if (code !== undefined) failures[code] = (failures[code] ?? 0) + 1;
}

/** Why a row has no result; undefined where it has one. */
export function failureCode(row: Row): ImageFailure['code'] | undefined {
  if (row.status === 'stored') return row.stored.failure;
  return row.status === 'failed' ? row.failure.code : undefined;
}

/**
 * Where rows go. The order of calls is `write`*, then `commit` or `leave`, and `leave` after anything that failed (`commit`
 * too). `write` resolves when the sink can take more (backpressure); nothing stands under its final name before `commit`.
 */
export interface RowSink<Facts = unknown> {
  readonly counts: RowCounts; // of all rows of the output so far, those of earlier runs included
  write(row: Row): Promise<void>;
  /** @param facts what the run's manifest says of it besides its rows */
  commit(facts: Facts): Promise<void>;
  /** Ends without a commit. @returns the number of rows that a later run can go on from */
  leave(): Promise<number>;
}
