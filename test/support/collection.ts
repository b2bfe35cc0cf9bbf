import { countFailure, failureCode, type Row, type RowSink } from '../../src/rows.js';

/** Collects rows in memory. */
export class Collection implements RowSink {
  readonly rows: Row[] = [];
  readonly #failsAt: number | undefined; // number of the row
  ended: 'committed' | 'left' | undefined;

  constructor(failsAt?: number) {
    this.#failsAt = failsAt;
  }

  get counts() {
    const failures = {};
    for (const row of this.rows) countFailure(failures, failureCode(row));
    return { rows: this.rows.length, failures };
  }

  async write(row: Row): Promise<void> {
    if (this.rows.length === this.#failsAt) throw new Error('enough');
    this.rows.push(row);
  }

  async commit(): Promise<void> {
    this.ended = 'committed';
  }

  async leave(): Promise<number> {
    this.ended = 'left';
    return 0;
  }
}
