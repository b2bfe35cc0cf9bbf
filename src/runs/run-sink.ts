import { basename, dirname, join } from 'node:path';
import { closeOnError } from '../files/close-on-error.js';
import { forceFolder } from '../files/force.js';
import { attempt } from '../files/write-error.js';
import { writeSynced } from '../files/write-synced.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { Row, RowCounts, RowSink } from '../rows.js';
import { Journal, type JournalHeader, type JournalState, type PackedRows } from './journal.js';
import { digestFile, encodeManifest, type Manifest, type RunFacts } from './manifest.js';
import { packRows } from './pack-rows.js';
import { publish, removePartial } from './publish.js';
import { type FilesState, RunFiles } from './run-files.js';
import { exists, PARTIAL, publishingOrder, type RunPlace } from './run-place.js';
import { makePartial } from './run-state.js';

export interface RunSinkOptions {
  readonly place: RunPlace; // locked
  readonly layout: OutputLayout;
  readonly checkpointSeconds: number; // the most work lost in a crash
  readonly confirm: () => Promise<void>; // throws if the lock has been lost
  readonly signal?: AbortSignal | undefined; // stops the reading of finished files
}

/**
 * Writes a run to files that can be resumed after a crash at any moment, and that get their final names only once they hold
 * all rows. Every few seconds it syncs the rows so far to disk, and then records a checkpoint in the journal.
 * Methods throw OutputError; `start` and `resume`, whose callers name the output, throw the file system's error.
 */
export class RunSink implements RowSink<RunFacts> {
  readonly #options: RunSinkOptions;
  readonly #files: RunFiles;
  readonly #journal: Journal;
  readonly #header: JournalHeader;
  readonly #packed: PackedRows | undefined; // by an interrupted attempt
  readonly #secondsBefore: number; // in earlier attempts
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;
  #last: Promise<void> = Promise.resolve();
  #kept: number; // rows of the last checkpoint
  #syncing: Promise<void> | undefined;
  #failure: unknown; // the files are in an unknown state
  #closed = false;

  private constructor(
    options: RunSinkOptions,
    files: RunFiles,
    journal: Journal,
    header: JournalHeader,
    seconds: number,
    packed?: PackedRows,
  ) {
    this.#options = options;
    this.#files = files;
    this.#journal = journal;
    this.#header = header;
    this.#secondsBefore = seconds;
    this.#packed = packed;
    this.#kept = files.rows;
    this.#timer = setInterval(
      () => void this.#inTurn(() => this.#checkpoint()).catch(() => {}),
      every(options),
    );
    this.#timer.unref();
  }

  /** @param keepsBase whether to keep the run in progress, whose rows this one reuses, until this one is complete */
  static async start(options: RunSinkOptions, header: JournalHeader, keepsBase: boolean): Promise<RunSink> {
    const { place, layout } = options;
    const { partial } = place;
    await makePartial(place, keepsBase);
    const files = await RunFiles.create(place, layout, partial);
    return closeOnError(files, async () => {
      const nothing = { ...(await files.flush()), seconds: 0 };
      await files.sync();
      const journal = await Journal.create(join(partial, PARTIAL.journal), header, nothing);
      return closeOnError(journal, async () => {
        await forceFolder(partial);
        await forceFolder(dirname(partial));
        return new RunSink(options, files, journal, header, 0);
      });
    });
  }

  /** Resumes from the last checkpoint. */
  static async resume(
    options: RunSinkOptions,
    { header, checkpoint, packed, length }: JournalState,
  ): Promise<RunSink> {
    const { partial } = options.place;
    const files = await RunFiles.reopen(options.place, options.layout, checkpoint);
    return closeOnError(files, async () => {
      const journal = await Journal.reopen(join(partial, PARTIAL.journal), length);
      return new RunSink(options, files, journal, header, checkpoint.seconds, packed);
    });
  }

  get counts(): RowCounts {
    return this.#files.counts;
  }

  /** Bytes of the output so far. */
  get bytes(): number {
    return this.#files.bytes;
  }

  write(row: Row): Promise<void> {
    return this.#attempt(() =>
      this.#inTurn(async () => {
        await this.#options.confirm();
        await this.#files.append(row);
      }),
    );
  }

  commit(facts: RunFacts): Promise<void> {
    return this.#attempt(() => this.#commit(facts));
  }

  leave(): Promise<number> {
    return this.#attempt(() => this.#leave());
  }

  async #commit(facts: RunFacts): Promise<void> {
    const { place } = this.#options;
    clearInterval(this.#timer);
    let finished: readonly string[] = [];
    await this.#inTurn(async () => {
      await this.#settled();
      await this.#append(await this.#files.finish());
      const names = await this.#finishedNames();
      await this.#writeManifest(await this.#describe(facts, names));
      await this.#journal.append({ complete: true });
      await this.#close();
      finished = names;
    });
    await this.#options.confirm();
    await publish(place, finished, this.#header.replaces);
  }

  async #leave(): Promise<number> {
    const { place } = this.#options;
    clearInterval(this.#timer);
    await this.#inTurn(async () => {
      await this.#settled();
      if (this.#closed) return;
      const state = await this.#files.flush();
      await this.#files.sync();
      await this.#append(state);
    }).catch(() => {}); // the previous checkpoint remains valid
    await this.#close().catch(() => {});
    if (!(await exists(place.partial))) return 0; // the user moved or removed it
    const hasBase = await exists(join(place.partial, PARTIAL.base));
    if (this.#kept > 0 || hasBase) return this.#kept;
    await this.#options.confirm(); // never remove another run's folder
    await removePartial(place);
    return 0;
  }

  /** Starts a checkpoint. Rows can be written while earlier ones are synced. */
  async #checkpoint(): Promise<void> {
    if (this.#syncing !== undefined || this.#files.rows === this.#kept) return;
    const state = await this.#files.flush();
    this.#syncing = this.#files
      .sync()
      .then(() => this.#append(state))
      .catch((error) => {
        this.#failure ??= error; // thrown by the next call
      })
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  /** Waits for the current checkpoint. After a failed sync, rows may be lost, so no later checkpoint may include them. */
  async #settled(): Promise<void> {
    await this.#syncing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Records a checkpoint, of which everything is already synced. */
  async #append(state: FilesState): Promise<void> {
    await this.#options.confirm();
    await this.#journal.append({ checkpoint: { ...state, seconds: this.#seconds } });
    this.#kept = state.rows;
  }

  /** Packs the rows if the output needs it. @returns the names of its files, in the order of publishing */
  async #finishedNames(): Promise<readonly string[]> {
    const { place, layout } = this.#options;
    const { packing } = layout;
    if (packing === undefined) return publishingOrder(place, this.#files.names);
    const { rows } = this.#files;
    return packRows(packing, { ...this.#options, rows, journal: this.#journal, earlier: this.#packed });
  }

  async #describe(facts: RunFacts, names: readonly string[]): Promise<Manifest> {
    const { place, signal } = this.#options;
    const { partial, arrangement } = place;
    const digest = async (name: string, path: string) => ({ name, ...(await digestFile(path, signal)) });
    const outputs = [];
    for (const name of names) outputs.push(await digest(name, join(partial, PARTIAL.data, name)));
    return {
      halonet: 1,
      layout: arrangement.layout,
      ...facts,
      ...this.counts,
      fingerprint: this.#header.fingerprint,
      started: this.#header.started,
      finished: new Date().toISOString(),
      seconds: Number(this.#seconds.toFixed(3)),
      outputs,
      ledger: await digest(basename(place.ledger), join(partial, PARTIAL.ledger)),
    };
  }

  async #writeManifest(manifest: Manifest): Promise<void> {
    const { partial } = this.#options.place;
    await writeSynced(join(partial, PARTIAL.manifest), encodeManifest(manifest));
    await forceFolder(partial);
  }

  get #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#start) / 1000;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await closeOnError(this.#journal, () => this.#files.close());
    await this.#journal.close();
  }

  #attempt<T>(action: () => Promise<T>): Promise<T> {
    return attempt(this.#options.place.output, action);
  }

  /**
   * Runs actions one at a time, so a checkpoint covers whole rows. After a failure the state of the files is unknown, and
   * nothing more is written.
   */
  #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#last.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await action();
        if (this.#failure !== undefined) throw this.#failure;
      } catch (error) {
        this.#failure ??= error;
        throw error;
      }
    });
    this.#last = done.catch(() => {});
    return done;
  }
}

/** Returns the milliseconds between checkpoints. */
const every = ({ checkpointSeconds }: RunSinkOptions) => Math.min(1000 * checkpointSeconds, 2 ** 31 - 1);
