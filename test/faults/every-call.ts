import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { watchFsCalls } from '../support/fs-calls.js';
import { CALL_KINDS, FAILINGS, type Fault, Injector } from '../support/injector.js';
import { firstTried, ONE_IN } from '../support/sampling.js';
import { scratchDisk } from '../support/scratch-disk.js';

/** An attempt to repeat, each time in a new folder. */
export interface Trial {
  /** Prepares the folder for the attempt; no calls fail yet. */
  readonly prepare?: (folder: string) => Promise<void>;
  readonly attempt: (folder: string) => Promise<unknown>;
  /** Checks the outcome of the attempt; calls no longer fail. @throws {Error} if it is wrong */
  readonly check: (outcome: Outcome) => Promise<void>;
}

export interface Outcome {
  readonly folder: string;
  readonly fault: Fault | undefined; // undefined if there was none
  readonly error: unknown; // undefined if the attempt succeeded nevertheless
}

/**
 * Counts the file system calls that an attempt makes under its folder, then repeats it with each call, or one in
 * `oneIn`, failing in each of the ways in `FAILINGS`.
 *
 * @returns how many faults took effect, and how many did not: an attempt that waits may make fewer calls
 * @throws {Error} with the errors that `check` threw, and the faults before them
 */
export async function failEveryCall(
  trial: Trial,
  oneIn = ONE_IN,
): Promise<{ readonly faults: number; readonly unreached: number }> {
  const base = await mkdtemp(join(scratchDisk(), 'halonet-faults-'));
  let done = 0;
  let faults = 0;
  let way = 0;
  const wrong: string[] = [];
  const next = () => join(base, String(done++));
  try {
    const { counts } = await tryWith(undefined, next(), trial, wrong);
    for (const kind of CALL_KINDS) {
      for (const failing of FAILINGS[kind]) {
        for (let index = firstTried(way++, oneIn); index < (counts[kind] ?? 0); index += oneIn) {
          const { failed } = await tryWith({ kind, index, ...failing }, next(), trial, wrong);
          if (failed.length > 0) faults++;
        }
      }
    }
  } finally {
    await rm(base, { recursive: true, force: true });
  }
  if (wrong.length > 0)
    throw new Error(`${wrong.length} attempts went wrong:\n${wrong.slice(0, SHOWN).join('\n')}`);
  return { faults, unreached: done - 1 - faults };
}

const SHOWN = Number(process.env.SHOWN ?? 20); // errors

async function tryWith(
  fault: Fault | undefined,
  folder: string,
  trial: Trial,
  wrong: string[], // collects errors
): Promise<Injector> {
  const { prepare, attempt, check } = trial;
  await mkdir(folder);
  await prepare?.(folder);
  const injector = new Injector(fault);
  const restore = watchFsCalls(folder, injector.judge);
  let error: unknown;
  try {
    await attempt(folder);
  } catch (thrown) {
    error = thrown ?? new Error('something that is nothing was thrown');
  } finally {
    restore();
  }
  try {
    await check({ folder, fault, error });
  } catch (cause) {
    const what = fault && `${fault.code}${fault.lasting ? ' from here on' : ''}, ${injector.failed[0]}`;
    wrong.push(`after ${what ?? 'no fault'}: ${cause instanceof Error ? cause.message : cause}`);
  }
  await rm(folder, { recursive: true });
  return injector;
}
