import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileItem } from '../../src/file-item.js';
import type { Item, JobItem } from '../../src/item.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import type { Row, StoredRow } from '../../src/rows.js';
import { openDestination } from '../../src/runs/destination.js';
import type { Fingerprint } from '../../src/runs/journal.js';
import type { RunFacts } from '../../src/runs/manifest.js';
import type { OutputMode } from '../../src/runs/plan.js';
import { ItemFinder } from '../../src/sources/item-finder.js';
import { elementCount } from '../../src/tensor.js';
import { Collector, failed, float32 } from '../outputs/scratch.js';

/** A fake run whose rows are computed from their paths: a job without images or a model. */
export interface MadeUpRun {
  readonly outputs: readonly MadeUpOutput[]; // at least one
  readonly mode: OutputMode;
  readonly paths: readonly string[]; // of the inputs; those that start with `bad` fail
  readonly rows?: number; // after which it is interrupted; default: all
  readonly salt?: number; // changes the results and the fingerprint
  readonly pauses?: boolean; // between rows, for checkpoints
  readonly settings?: Fingerprint; // instead of the salt
}

/** An output of such a run. */
export interface MadeUpOutput {
  readonly output: string; // an absolute path
  readonly layout: OutputLayout;
}

const CHECKPOINT_SECONDS = 0.002;
const PAUSE_MS = 3;

const FACTS: RunFacts = {
  versions: { halonet: 'test' },
  command: ['embed'],
  folder: '/',
  device: 'cpu',
  stored: 0,
  skipped: {},
  sources: {},
  model: { name: 'made up', path: '/none', sha256: '' },
  preprocessing: {},
  preprocessingSha256: '',
};

/** Thrown when a run was told to stop. */
export class Stopped extends Error {}

/**
 * @returns how many rows it computed; the others were reused
 * @throws {Stopped} after `rows` rows; what the output throws
 */
export async function madeUpRun({
  outputs,
  mode,
  paths,
  rows,
  salt = 0,
  pauses = false,
  settings = { salt },
}: MadeUpRun): Promise<number> {
  const destination = await openDestination({
    outputs: outputs.map(({ output, layout: { arrangement } }) => ({
      output,
      arrangement,
      command: 'embed',
    })),
    mode,
    checkpointSeconds: CHECKPOINT_SECONDS,
    stdout: new Collector(),
  });
  try {
    const started = await destination.open({
      layouts: outputs.map(({ layout }) => ({ layout })),
      fingerprint: () => settings,
      onNote: () => {},
      findItems: new ItemFinder(),
      items: itemsOf(paths),
      walkAgain: () => itemsOf(paths),
    });
    if (!('sink' in started)) return 0;
    const { sink, items, close, recordDecode } = started;
    try {
      let written = 0;
      let computed = 0;
      for await (const item of items) {
        if (written === rows) throw new Stopped();
        if (written++ % 4 === 2 && pauses) await sleep(PAUSE_MS);
        if (item.status !== 'stored') computed++;
        await recordDecode(item.id, () => sink.write(rowOf(item, salt)));
      }
      await sink.commit(FACTS);
      return computed;
    } catch (error) {
      await sink.leave().catch(() => {}); // as in a job, the first error is the one that matters
      throw error;
    } finally {
      await close();
    }
  } finally {
    await destination.release().catch(() => {});
  }
}

async function* itemsOf(paths: readonly string[]): AsyncGenerator<Item> {
  for (const path of paths) yield new FileItem(path);
}

/** Elements of each embedding. */
export const FEATURES = 5;

/** The shapes of all tensors of a fake row; an output takes those that it needs. */
const TENSORS: Readonly<Record<string, readonly number[]>> = {
  embedding: [FEATURES],
  logits: [3],
  stage1: [2, 1, 1],
  stage2: [2, 2, 2],
};

function rowOf(item: JobItem, salt: number): Row {
  const { id, target } = item;
  if (item.status === 'stored') {
    const { status, file, stored } = item;
    return { status, id, target, file, stored: stored satisfies StoredRow };
  }
  if (basename(id).startsWith('bad')) return failed(id);
  const seed = [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), salt) % 9973;
  const outputs = Object.entries(TENSORS).map(([name, shape]) => {
    const values = Array.from({ length: elementCount(shape) }, (_, i) => (seed + i) / 7);
    return [name, float32(values, shape)] as const;
  });
  return { status: 'ok', id, outputs: Object.fromEntries(outputs) };
}
