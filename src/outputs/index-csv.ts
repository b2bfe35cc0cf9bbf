import type { Row } from '../rows.js';
import { csvLine, failureCell } from './csv.js';
import type { PendingFile } from './pending-file.js';
import { TextTarget } from './text-target.js';

/** The file beside an NPY that says which image each of its rows is: `row,path,error`, rows from 0. */
export class IndexCsv {
  readonly file: PendingFile;
  readonly #target: TextTarget;
  #rows = 0;

  constructor(file: PendingFile) {
    this.file = file;
    this.#target = new TextTarget({
      live: false,
      write: (bytes) => file.write(bytes),
      commit: () => file.seal(),
      abort: () => file.discard(),
    });
  }

  async append(row: Row): Promise<void> {
    const header = this.#rows === 0 ? HEADER : '';
    const error = row.status === 'failed' ? failureCell(row.failure) : '';
    const line = csvLine([this.#rows, row.path, error]);
    this.#rows += 1;
    await this.#target.write(header + line);
  }

  /** Writes what is gathered and seals the file. */
  async finish(): Promise<void> {
    if (this.#rows === 0) await this.#target.write(HEADER);
    await this.#target.commit();
  }
}

const HEADER = 'row,path,error\n';
