import { basename, dirname, join } from 'node:path';
import { closeOnError } from '../files/close-on-error.js';
import { forceFolder } from '../files/force.js';
import { attempt } from '../files/write-error.js';
import { writeSynced } from '../files/write-synced.js';
import type { Row, RowCounts, RowSink } from '../rows.js';
import { Journal, type JournalHeader, type JournalState } from './journal.js';
import { digestFile, encodeManifest, type Manifest, type RunFacts } from './manifest.js';
import { packRows } from './pack-rows.js';
import { allOutputs, mapOutputs, type PerOutput, perOutput } from './per-output.js';
import { publishAll, removeRun } from './publish.js';
import { type FilesState, RunFiles } from './run-files.js';
import type { RunOutput } from './run-output.js';
import { exists, PARTIAL, publishingOrder, type RunPlace, relativePath } from './run-place.js';

export interface RunSinkOptions {
  readonly outputs: PerOutput<RunOutput>; // locked
  readonly checkpointSeconds: number; // the most work lost in a crash
  readonly confirm: () => Promise<void>; // throws if a lock has been lost
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
  readonly #packed: JournalState['packed']; // by an interrupted attempt
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
    packed: JournalState['packed'] = {},
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
    const { partial } = options.outputs.lead.place;
    const files = await RunFiles.create(options.outputs, header.started, keepsBase);
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
    const { partial } = options.outputs.lead.place;
    const files = await RunFiles.reopen(options.outputs, checkpoint);
    return closeOnError(files, async () => {
      const journal = await Journal.reopen(join(partial, PARTIAL.journal), length);
      return new RunSink(options, files, journal, header, checkpoint.seconds, packed);
    });
  }

  get counts(): RowCounts {
    return this.#files.counts;
  }

  /** Bytes of each output so far, the lead first. */
  get bytes(): readonly number[] {
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
    const { outputs } = this.#options;
    clearInterval(this.#timer);
    const finished: FinishedOutput[] = [];
    await this.#inTurn(async () => {
      await this.#settled();
      await this.#append(await this.#files.finish());
      for (const [i, output] of allOutputs(outputs).entries())
        finished.push({ place: output.place, names: await this.#finishedNames(output, i) });
      const end = { ...facts, finished: new Date().toISOString() };
      for (const output of finished) await attempt(output.place.output, () => this.#describe(output, end));
      await this.#journal.append({ complete: true });
      await this.#close();
    });
    await this.#options.confirm();
    await publishAll(perOutput(finished), this.#header.replaces);
  }

  async #leave(): Promise<number> {
    const places = mapOutputs(this.#options.outputs, ({ place }) => place);
    const { partial } = places.lead;
    clearInterval(this.#timer);
    await this.#inTurn(async () => {
      await this.#settled();
      if (this.#closed) return;
      const state = await this.#files.flush();
      await this.#files.sync();
      await this.#append(state);
    }).catch(() => {}); // the previous checkpoint remains valid
    await this.#close().catch(() => {});
    if (!(await exists(partial))) return 0; // the user moved or removed it
    const hasBase = await exists(join(partial, PARTIAL.base));
    if (this.#kept > 0 || hasBase) return this.#kept;
    await this.#options.confirm(); // never remove another run's folder
    await removeRun(places);
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
  async #finishedNames({ place, layout }: RunOutput, output: number): Promise<readonly string[]> {
    const { packing } = layout;
    if (packing === undefined) return publishingOrder(place, this.#files.names[output] ?? []);
    const { rows } = this.#files;
    const earlier = this.#packed[output];
    const options = { ...this.#options, place, layout, rows, journal: this.#journal, output, earlier };
    return attempt(place.output, () => packRows(packing, options));
  }

  /** Writes the manifest of an output. */
  async #describe({ place, names }: FinishedOutput, facts: RunFacts & { readonly finished: string }) {
    const { outputs, signal } = this.#options;
    const { partial, arrangement } = place;
    const digest = async (name: string, path: string) => ({ name, ...(await digestFile(path, signal)) });
    const files = [];
    for (const name of names) files.push(await digest(name, join(partial, PARTIAL.data, name)));
    const { finished, ...ofRun } = facts;
    const manifest: Manifest = {
      halonet: 1,
      layout: arrangement.layout,
      ...ofRun,
      ...this.counts,
      fingerprint: this.#header.fingerprint,
      started: this.#header.started,
      finished,
      seconds: Number(this.#seconds.toFixed(3)),
      outputs: files,
      ledger: await digest(basename(place.ledger), join(partial, PARTIAL.ledger)),
      ...setOf(outputs, place),
    };
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
    return attempt(this.#options.outputs.lead.place.output, action);
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

/** An output whose files are complete. */
interface FinishedOutput {
  readonly place: RunPlace;
  readonly names: readonly string[]; // of its files, in the order of publishing
}

/** Returns what the manifest of an output says about all outputs of its run; nothing if it is the only one. */
function setOf(outputs: PerOutput<RunOutput>, place: RunPlace): Pick<Manifest, 'set'> {
  if (outputs.others.length === 0) return {};
  const pathOf = (other: RunPlace) => relativePath(place, other.path);
  return { set: allOutputs(outputs).map((one) => ({ command: one.command, path: pathOf(one.place) })) };
}

/** Returns the milliseconds between checkpoints. */
const every = ({ checkpointSeconds }: RunSinkOptions) => Math.min(1000 * checkpointSeconds, 2 ** 31 - 1);
