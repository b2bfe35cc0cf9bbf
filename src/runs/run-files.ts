import { dirname } from 'node:path';
import { closeOnError } from '../files/close-on-error.js';
import { forceFolder } from '../files/force.js';
import { attempt } from '../files/write-error.js';
import { withTensorNames } from '../outputs/tensor-names.js';
import type { Row, RowCounts } from '../rows.js';
import type { Checkpoint, OutputState } from './journal.js';
import { writeMember } from './member.js';
import { OutputFiles } from './output-files.js';
import { allOutputs, type PerOutput } from './per-output.js';
import type { RunOutput } from './run-output.js';
import { makePartial } from './run-state.js';

/** The state of the files once their buffers have been written. */
export type FilesState = Omit<Checkpoint, 'seconds'>;

/** An output and its files. */
interface Written extends RunOutput {
  readonly files: OutputFiles;
}

/**
 * The files of all outputs of a run in progress. They always hold the same rows.
 * Methods throw OutputError for a file that is not the lead's, and otherwise as those of `OutputFiles`.
 */
export class RunFiles {
  readonly #lead: Written;
  readonly #others: readonly Written[];

  private constructor(lead: Written, others: readonly Written[]) {
    this.#lead = lead;
    this.#others = others;
  }

  /**
   * Creates the folders of a run and their files. The folder of the lead comes last: only the journal, which the caller creates
   * there next, makes the others' valid, so these are on disk before.
   *
   * @param started as in the journal's header
   * @param keepsBase as in `makePartial`
   */
  static async create(
    { lead, others }: PerOutput<RunOutput>,
    started: string,
    keepsBase: boolean,
  ): Promise<RunFiles> {
    const opened: Written[] = [];
    return closeOnError(closerOf(opened), async () => {
      for (const output of others) {
        const { place } = output;
        await attempt(place.output, async () => {
          await makePartial(place, keepsBase);
          await writeMember(place, lead.place, started);
          opened.push({ ...output, files: await OutputFiles.create(output) });
          await forceFolder(place.partial);
          await forceFolder(dirname(place.partial));
        });
      }
      const rest = [...opened];
      await makePartial(lead.place, keepsBase);
      const leading = { ...lead, files: await OutputFiles.create(lead) };
      opened.push(leading);
      return new RunFiles(leading, rest);
    });
  }

  /**
   * Opens the files of a run at a checkpoint.
   * @throws {OutputError} if they do not match the checkpoint
   */
  static async reopen(
    { lead, others }: PerOutput<RunOutput>,
    { rows, others: states = [], ...state }: Checkpoint,
  ): Promise<RunFiles> {
    const opened: Written[] = [];
    return closeOnError(closerOf(opened), async () => {
      for (const [i, output] of others.entries()) {
        const own = states[i];
        if (own === undefined) throw new Error('the checkpoint lacks an output');
        const files = await attempt(output.place.output, () => OutputFiles.reopen(output, rows, own));
        opened.push({ ...output, files });
      }
      const rest = [...opened];
      const leading = { ...lead, files: await OutputFiles.reopen(lead, rows, state) };
      opened.push(leading);
      return new RunFiles(leading, rest);
    });
  }

  get rows(): number {
    return this.#lead.files.rows;
  }

  get counts(): RowCounts {
    return this.#lead.files.counts;
  }

  /** Bytes of each output so far, the lead first. */
  get bytes(): readonly number[] {
    return this.#all.map(({ files }) => files.bytes);
  }

  /** The base names of the files of each output, the lead first. */
  get names(): readonly (readonly string[])[] {
    return this.#all.map(({ files }) => files.names);
  }

  async append(row: Row): Promise<void> {
    await this.#lead.files.append(withTensorNames(row, this.#lead.tensors));
    for (const [i, { place, files, tensors }] of this.#others.entries())
      await attempt(place.output, () => files.append(withTensorNames(ofOther(row, i), tensors)));
  }

  /** Passes buffered bytes to the system. @returns the state that a checkpoint may record once the files are synced */
  flush(): Promise<FilesState> {
    return this.#state((files) => files.flush());
  }

  async sync(): Promise<void> {
    await Promise.all([
      this.#lead.files.sync(),
      ...this.#others.map(({ place, files }) => attempt(place.output, () => files.sync())),
    ]);
  }

  /** Completes the files of all outputs, and syncs them. */
  finish(): Promise<FilesState> {
    return this.#state((files) => files.finish());
  }

  close(): Promise<void> {
    return closerOf(this.#all).close();
  }

  get #all(): readonly Written[] {
    return allOutputs({ lead: this.#lead, others: this.#others });
  }

  async #state(stateOf: (files: OutputFiles) => Promise<OutputState>): Promise<FilesState> {
    const state = { rows: this.rows, ...(await stateOf(this.#lead.files)) };
    const others: OutputState[] = [];
    for (const { place, files } of this.#others)
      others.push(await attempt(place.output, () => stateOf(files)));
    return others.length === 0 ? state : { ...state, others };
  }
}

/** Returns a row as another output takes it: a stored one has bytes for each output. */
function ofOther(row: Row, i: number): Row {
  if (row.status !== 'stored') return row;
  const { stored } = row;
  const bytes = stored.others?.[i];
  if (bytes === undefined) throw new Error('the stored row lacks an output');
  return { ...row, stored: { ...stored, bytes } };
}

/** Closes the files of all outputs, and then throws the first error. */
const closerOf = (outputs: readonly Written[]) => ({
  close: async () => {
    const closed = await Promise.allSettled(outputs.map(({ files }) => files.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  },
});
