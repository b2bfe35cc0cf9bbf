import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageFailure, OutputError } from '../../errors.js';
import { failureCode, type Row, type RowCounts } from '../../rows.js';
import { elementCount } from '../../tensor.js';
import type { OutputLayout } from '../layout.js';
import { encodeNpyHeader, nanBytes } from '../npy.js';
import { syncFolder } from '../pending-file.js';
import { rowTensor, type TensorSpec } from '../row-tensor.js';
import { attempt } from '../write-error.js';
import { GrowingFile } from './growing-file.js';
import type { Checkpoint } from './journal.js';
import { decodeRecord, encodeRecord, pathKey, RECORD_BYTES } from './ledger.js';
import { ledgerChunks } from './ledger-file.js';
import { orClose } from './or-close.js';
import { fileNames, PARTIAL, type RunPlace } from './run-place.js';

/** An array file and what it takes of every row. */
interface ArrayFile {
  readonly tensor: TensorSpec;
  readonly file: GrowingFile;
  readonly nanRow: Uint8Array;
}

/** How far the files are, once what is buffered has been written. */
export type FilesState = Omit<Checkpoint, 'seconds'>;

/** The files of a run in progress: those of its output, and the ledger. They hold the same rows at any time. */
export class RunFiles {
  readonly names: ReturnType<typeof fileNames>;
  readonly #layout: OutputLayout;
  readonly #text: GrowingFile;
  readonly #arrays: readonly ArrayFile[];
  readonly #ledger: GrowingFile;
  readonly #inputs = createHash('sha256');
  readonly #failures: Partial<Record<ImageFailure['code'], number>> = {};
  #rows = 0;

  private constructor(place: RunPlace, layout: OutputLayout, files: readonly GrowingFile[]) {
    const [ledger, text, ...arrays] = files;
    if (ledger === undefined || text === undefined) throw new OutputError(`${place.output} has no files`);
    this.names = fileNames(place, layout);
    this.#layout = layout;
    this.#ledger = ledger;
    this.#text = text;
    this.#arrays = layout.arrays.map((tensor, i) => ({
      tensor,
      file: arrays[i] as GrowingFile,
      nanRow: nanBytes(tensor.dtype, elementCount(tensor.shape)),
    }));
  }

  /**
   * Starts the files of a run, in a folder that is there.
   * @param folder of the run in progress
   */
  static async create(place: RunPlace, layout: OutputLayout, folder: string): Promise<RunFiles> {
    await attempt(place.output, () => mkdir(join(folder, PARTIAL.data)));
    const opened = await openAll(paths(place, layout, folder), (path) =>
      GrowingFile.create(place.output, path),
    );
    const files = new RunFiles(place, layout, opened);
    return orClose(files, async () => {
      await files.#text.append(Buffer.from(layout.text.header));
      for (const { tensor, file } of files.#arrays)
        await file.append(encodeNpyHeader(tensor.dtype, 0, tensor.shape));
      await syncFolder(join(folder, PARTIAL.data));
      return files;
    });
  }

  /**
   * Opens the files of a run where a checkpoint left them.
   * @throws {OutputError} where they are not what the checkpoint says
   */
  static async reopen(
    place: RunPlace,
    layout: OutputLayout,
    { rows, bytes, inputs }: Checkpoint,
  ): Promise<RunFiles> {
    const { output, partial } = place;
    const names = fileNames(place, layout);
    const lengthOf = (name: string) => {
      const length = bytes[name];
      if (length !== undefined) return length;
      // As on a disk where names that differ in case are the same.
      throw new OutputError(`The run in ${partial} was begun under another name: it has no file ${name}.`, {
        hint: 'Repeat the command with --output as it was.',
      });
    };
    const lengths = [rows * RECORD_BYTES, ...[names.text, ...names.arrays].map(lengthOf)];
    const opened = await openAll(paths(place, layout, partial), (path, i) =>
      GrowingFile.reopen(output, path, lengths[i] ?? 0),
    );
    const files = new RunFiles(place, layout, opened);
    files.#rows = rows;
    return orClose(files, async () => {
      for await (const chunk of ledgerChunks(output, join(partial, PARTIAL.ledger), rows)) {
        files.#inputs.update(chunk);
        for (let row = 0; row < chunk.byteLength / RECORD_BYTES; row++)
          files.#count(decodeRecord(chunk, row).failure);
      }
      if (files.#inputs.copy().digest('hex') === inputs) return files;
      throw new OutputError(`${join(partial, PARTIAL.ledger)} is damaged: it is not what the journal says.`, {
        hint: 'Pass --overwrite to start over.',
      });
    });
  }

  get rows(): number {
    return this.#rows;
  }

  get counts(): RowCounts {
    return { rows: this.#rows, failures: { ...this.#failures } };
  }

  /** Bytes of the output so far. */
  get bytes(): number {
    return this.#arrays.reduce((sum, { file }) => sum + file.length, this.#text.length);
  }

  async append(row: Row): Promise<void> {
    const number = this.#rows++;
    await this.#text.append(await this.#textOf(row, number));
    for (const array of this.#arrays) await array.file.append(await elements(row, array));
    const failure = failureCode(row);
    const record = encodeRecord({
      ...{ path: row.status === 'stored' ? row.stored.key : pathKey(row.path), file: row.file, failure },
      textEnd: this.#text.length,
    });
    this.#count(failure);
    this.#inputs.update(record);
    await this.#ledger.append(record);
  }

  /** Hands what is buffered to the system. @returns what a checkpoint may say once it is synced, too */
  async flush(): Promise<FilesState> {
    for (const file of this.#all) await file.flush();
    const { text, arrays } = this.names;
    const lengths = [this.#text, ...this.#arrays.map(({ file }) => file)].map(({ length }) => length);
    return {
      rows: this.#rows,
      bytes: Object.fromEntries([text, ...arrays].map((name, i) => [name, lengths[i] ?? 0])),
      inputs: this.#inputs.copy().digest('hex'),
    };
  }

  async sync(): Promise<void> {
    await Promise.all(this.#all.map((file) => file.sync()));
  }

  /** Has the headers of arrays count their rows, and all on disk. */
  async finish(): Promise<FilesState> {
    const state = await this.flush();
    for (const { tensor, file } of this.#arrays) {
      await file.patch(encodeNpyHeader(tensor.dtype, this.#rows, tensor.shape), 0);
    }
    await this.sync();
    return state;
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled(this.#all.map((file) => file.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  get #all(): readonly GrowingFile[] {
    return [this.#ledger, this.#text, ...this.#arrays.map(({ file }) => file)];
  }

  #count(failure: ImageFailure['code'] | undefined): void {
    if (failure !== undefined) this.#failures[failure] = (this.#failures[failure] ?? 0) + 1;
  }

  async #textOf(row: Row, number: number): Promise<Uint8Array> {
    const { text, renumbered } = this.#layout.text;
    if (row.status !== 'stored') return Buffer.from(text(row, number));
    const stored = await row.stored.text();
    return renumbered?.(stored, number) ?? stored;
  }
}

/** Of the ledger, the text and the arrays. */
function paths(place: RunPlace, layout: OutputLayout, folder: string): readonly string[] {
  const { text, arrays } = fileNames(place, layout);
  return [join(folder, PARTIAL.ledger), ...[text, ...arrays].map((name) => join(folder, PARTIAL.data, name))];
}

async function openAll(
  paths: readonly string[],
  open: (path: string, index: number) => Promise<GrowingFile>,
): Promise<readonly GrowingFile[]> {
  const opened: GrowingFile[] = [];
  try {
    for (const [i, path] of paths.entries()) opened.push(await open(path, i));
    return opened;
  } catch (error) {
    for (const file of opened) await file.close().catch(() => {}); // what went wrong first is what matters
    throw error;
  }
}

async function elements(row: Row, { tensor, nanRow }: ArrayFile): Promise<Uint8Array> {
  if (row.status === 'ok') return rowTensor(row, tensor).data;
  return row.status === 'stored' ? row.stored.array(tensor.name) : nanRow;
}
