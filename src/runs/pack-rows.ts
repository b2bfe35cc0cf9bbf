import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { closeOnError } from '../files/close-on-error.js';
import { forceFolder } from '../files/force.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { Packing } from '../outputs/packing.js';
import type { Journal, PackedRows } from './journal.js';
import { RowBlocks } from './row-blocks.js';
import { PARTIAL, type RunPlace } from './run-place.js';

export interface PackRowsOptions {
  readonly place: RunPlace;
  readonly layout: OutputLayout;
  readonly rows: number; // all of the output, on disk
  readonly journal: Pick<Journal, 'append'>;
  readonly output: number; // which one of the run; 0 is the lead
  readonly earlier: PackedRows | undefined; // by an interrupted attempt
  readonly checkpointSeconds: number; // the most work lost in a crash
  readonly confirm: () => Promise<void>; // throws if the lock has been lost
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs the rows of a run into the files of its output, in the folder `data` of the run, or continues after the last
 * block that the journal records.
 *
 * @returns the names of the files, in the order of publishing
 * @throws {OutputError} if the row files are damaged; the file system's error, or ReadFailure; the signal's reason on abort
 */
export async function packRows(packing: Packing, options: PackRowsOptions): Promise<readonly string[]> {
  const { place, layout, rows } = options;
  const blocks = await RowBlocks.open(place, layout, rows);
  try {
    const begun = await begin(packing, blocks, options);
    const { survey, steps } = begun;
    const folder = join(place.partial, PARTIAL.data);
    const packer = await packing.open({ folder, output: basename(place.path), rows, survey, steps });
    return await closeOnError(packer, async () => {
      const sync = async () => {
        await packer.sync();
        await forceFolder(folder);
      };
      const recorder = new StepRecorder(sync, begun.rows, options);
      for await (const block of blocks.from(begun.rows, packing.block)) {
        options.signal?.throwIfAborted();
        await recorder.add(await packer.pack(block), block.count);
      }
      await recorder.record();
      const names = await packer.finish();
      await packer.close();
      await forceFolder(folder);
      return names;
    });
  } finally {
    await blocks.close();
  }
}

/** Returns how far the packing has come; begins it if no attempt has packed the same rows. */
async function begin(
  { survey, block }: Packing,
  blocks: RowBlocks,
  { place: { partial }, rows, journal, output, earlier, confirm }: PackRowsOptions,
): Promise<PackedRows> {
  if (earlier?.of === rows) return earlier;
  const folder = join(partial, PARTIAL.data);
  await rm(folder, { recursive: true, force: true });
  const found = await survey?.(blocks.from(0, block));
  await mkdir(folder);
  await forceFolder(partial);
  await confirm();
  await journal.append({ packing: { of: rows, survey: found, ...ofOutput(output) } });
  return { of: rows, survey: found, rows: 0, steps: [] };
}

type RecorderOptions = Pick<PackRowsOptions, 'journal' | 'output' | 'confirm' | 'checkpointSeconds'>;

const ofOutput = (output: number) => (output === 0 ? {} : { output });

/** Records packed blocks in the journal every few seconds, once they are on disk. */
class StepRecorder {
  readonly #sync: () => Promise<void>;
  readonly #options: RecorderOptions;
  #rows: number; // packed
  #steps: unknown[] = []; // since the last record
  #recorded = performance.now();

  constructor(sync: () => Promise<void>, rows: number, options: RecorderOptions) {
    this.#sync = sync;
    this.#rows = rows;
    this.#options = options;
  }

  async add(step: unknown, rows: number): Promise<void> {
    this.#steps.push(step);
    this.#rows += rows;
    if (performance.now() - this.#recorded >= 1000 * this.#options.checkpointSeconds) await this.record();
  }

  async record(): Promise<void> {
    if (this.#steps.length === 0) return;
    const { journal, output, confirm } = this.#options;
    await this.#sync();
    await confirm();
    await journal.append({ packed: { rows: this.#rows, steps: this.#steps, ...ofOutput(output) } });
    this.#steps = [];
    this.#recorded = performance.now();
  }
}
