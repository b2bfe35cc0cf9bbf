import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mulberry32 } from '../../src/random.js';
import { PARTIAL } from '../../src/runs/run-place.js';
import { type CallKind, type FsCall, type Judge, watchFsCalls } from '../support/fs-calls.js';
import { type Loss, losePower } from '../support/power-loss.js';
import { firstTried, ONE_IN } from '../support/sampling.js';
import { scratchDisk } from '../support/scratch-disk.js';
import { type Unsynced, UnsyncedTracker } from '../support/unsynced.js';

/** An attempt to repeat, each time in a new folder. */
export interface Trial {
  /** Prepares the folder for the attempt; all of it is on disk. */
  readonly prepare?: (folder: string) => Promise<unknown>;
  readonly attempt: (folder: string) => Promise<unknown>;
  /** Checks what is left of the attempt when the power is back. @throws {Error} if it is wrong */
  readonly check: (outcome: Outcome) => Promise<void>;
}

export interface Outcome {
  readonly folder: string;
  readonly ended: boolean; // the power failed after the attempt
  readonly rows: number; // recorded by a journal on disk before the power failed
}

const MOMENTS: readonly CallKind[] = ['write', 'sync', 'truncate', 'rename', 'mkdir'];

/** Whether a call changes the disk or waits for changes to reach it; other calls make no difference to a power cut. */
function isMoment({ kind, path }: FsCall): boolean {
  if (kind === 'open') return !existsSync(path);
  if (kind === 'remove') return existsSync(path);
  return MOMENTS.includes(kind);
}

const nothing = () => 0;
const everything = () => 1 - Number.EPSILON;

/** What survives of unsynced changes: nothing, names without their bytes, or some of both. */
const LOSSES: readonly ((seed: number) => Loss)[] = [
  () => ({ bytes: nothing, names: nothing }),
  () => ({ bytes: nothing, names: everything }),
  (seed) => {
    const random = mulberry32(seed);
    return { bytes: random, names: random };
  },
];

/**
 * Repeats an attempt, cutting the power at each of its moments, or at one in `oneIn`, and after its end, and losing
 * unsynced changes in several ways.
 *
 * @returns how often the power was cut
 * @throws {Error} with the errors that `check` threw, and when the power was cut
 */
export async function losePowerAtEveryMoment(trial: Trial, oneIn = ONE_IN): Promise<number> {
  const base = await mkdtemp(join(scratchDisk(), 'halonet-power-'));
  const wrong: string[] = [];
  let losses = 0;
  try {
    for (const [way, lossOf] of LOSSES.entries()) {
      let ended = false;
      for (let at = firstTried(way, oneIn); !ended; at += oneIn) {
        const folder = join(base, String(losses++));
        const fall = await fallDark(trial, folder, at);
        ({ ended } = fall);
        await losePower(folder, atticOf(folder), fall.unsynced, lossOf(at));
        try {
          await trial.check({ folder, ended, rows: fall.rows });
        } catch (error) {
          const what = error instanceof Error ? error.message : error;
          wrong.push(`power lost before ${fall.before}, moment ${at}, loss ${way}: ${what}`);
        }
        for (const path of [folder, atticOf(folder)]) await rm(path, { recursive: true });
      }
    }
  } finally {
    await rm(base, { recursive: true, force: true });
  }
  if (wrong.length > 0)
    throw new Error(
      `${wrong.length} of ${losses} losses of power went wrong:\n${wrong.slice(0, SHOWN).join('\n')}`,
    );
  return losses;
}

const SHOWN = 10; // errors

const atticOf = (folder: string) => `${folder}.attic`;

interface Fall extends Pick<Outcome, 'ended' | 'rows'> {
  readonly unsynced: Unsynced; // when the power failed
  readonly before: string; // the call before which it failed
}

/** Makes an attempt whose calls do nothing from its moment `at` on. */
async function fallDark({ prepare, attempt }: Trial, folder: string, at: number): Promise<Fall> {
  await mkdir(folder);
  await prepare?.(folder);
  const tracker = new UnsyncedTracker(atticOf(folder));
  let moments = 0;
  let rows = 0;
  let fall: Fall | undefined;
  const judge: Judge = (call) => {
    if (fall === undefined && isMoment(call) && moments++ === at) {
      const unsynced = structuredClone(tracker.state);
      fall = { ended: false, rows, unsynced, before: `${call.name} ${basename(call.path)}` };
    }
    if (fall !== undefined) return { error: new Error('the power is gone') };
    const done = tracker.before(call);
    const after = () => {
      done?.();
      if (call.kind === 'sync' && basename(call.path) === PARTIAL.journal) rows = rowsIn(call.path);
    };
    return { after };
  };
  const restore = watchFsCalls(folder, judge);
  try {
    await attempt(folder);
  } catch {
    // Only its effects on the disk matter.
  } finally {
    restore();
  }
  return fall ?? { ended: true, rows, unsynced: tracker.state, before: 'nothing more' };
}

/** The number of rows that a journal records. */
function rowsIn(journal: string): number {
  const checkpoints = [...readFileSync(journal, 'utf8').matchAll(/"checkpoint":\{"rows":(\d+)/g)];
  return Number(checkpoints.at(-1)?.[1] ?? 0);
}
