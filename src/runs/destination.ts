import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { OutputError } from '../errors.js';
import { openByteChannel } from '../files/byte-channel.js';
import { isStdout } from '../files/place.js';
import { attempt, outputFailure, ReadFailure } from '../files/write-error.js';
import type { Item, JobItem } from '../item.js';
import { type Lock, LockHeld, LockLost, tryLock } from '../lock/lock.js';
import type { Arrangement } from '../outputs/arrangement.js';
import { textFile } from '../outputs/layout.js';
import { streamSink } from '../outputs/stream-sink.js';
import type { RowSink } from '../rows.js';
import { BlackBox, readSuspects } from './black-box.js';
import { findOutputs } from './find-outputs.js';
import type { Fingerprint } from './journal.js';
import type { Manifest, RunFacts } from './manifest.js';
import { type OpenRunOptions, openRun } from './open-run.js';
import { allOutputs, type PerOutput, perOutput } from './per-output.js';
import { type OutputMode, planRun } from './plan.js';
import { recover } from './recovery.js';
import type { RunOutput } from './run-output.js';
import { PARTIAL, type RunPlace } from './run-place.js';
import { readState } from './run-state.js';
import type { OutputSpace } from './space-watch.js';
import type { FindItems } from './stored-items.js';

/** Where the rows of a job go. */
export interface JobOutputs {
  readonly outputs: readonly JobOutput[]; // at least one
  readonly mode: OutputMode;
  readonly stdout: Writable; // never ended here
  readonly checkpointSeconds: number; // the most work lost in a crash
}

export interface JobOutput {
  readonly output: string; // a path, or '-' for `stdout` if it is the only one
  readonly arrangement: Arrangement;
  readonly command: string; // that writes such an output, such as `embed`
}

/** The outputs reserved for this job, from before the model is loaded until `release`. */
export interface Destination {
  /** Images being decoded when the last run to these outputs crashed. */
  readonly suspects: readonly string[];
  readonly kept: number; // existing rows of an interrupted run
  /**
   * @returns the manifest of the lead, if nothing is left to do
   * @throws {OutputError} if inputs or settings differ from those of the existing run, or the output cannot be read or written
   */
  readonly open: (options: OpenOutputOptions) => Promise<OpenOutput | Manifest>;
  readonly release: () => Promise<void>;
}

export interface OpenOutputOptions {
  readonly layouts: readonly RowLayout[]; // of each output
  readonly fingerprint: () => Fingerprint;
  readonly items: AsyncGenerator<Item>;
  readonly walkAgain: (() => AsyncGenerator<Item>) | undefined; // undefined if inputs can be read only once
  readonly findItems: FindItems; // for a retry
  readonly onNote: (note: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How the rows of a run become the files of an output. */
export type RowLayout = Pick<RunOutput, 'layout' | 'tensors'>;

/** Outputs that take rows. */
export interface OpenOutput {
  readonly sink: RowSink<RunFacts>; // throws OutputError
  readonly items: AsyncIterable<JobItem>; // what is left to do; throws OutputError if earlier rows cannot be read
  readonly hasManifest: boolean; // the job will have a manifest
  /** Runs an action on an image, recording the image in case it crashes the process. */
  readonly recordDecode: <T>(image: string, action: () => Promise<T>) => Promise<T>;
  readonly spaces: readonly OutputSpace[]; // of each output; none for a stream
  readonly walked?: Pick<Manifest, 'skipped' | 'sources'>; // as in OpenRun
  readonly total?: number; // as in OpenRun
  readonly close: () => Promise<void>;
}

/**
 * Reserves the outputs of a job.
 * @throws {OutputError} if one cannot be written, another run is writing it, or existing files must be kept; if two of them
 *   would be the same files
 */
export async function openDestination(given: JobOutputs): Promise<Destination> {
  const found = await findOutputs(given);
  if (found.kind === 'stream') return streamDestination(given);
  const { places } = found;
  const locks = await lockAll(places);
  try {
    return await attempt(places.lead.output, () => runDestination(given, places, locks));
  } catch (error) {
    await releaseAll(locks).catch(() => {});
    throw error;
  }
}

/** @throws {OutputError} for a mode that reuses rows: a stream has none */
export function refuseStream({ outputs, mode }: Pick<JobOutputs, 'outputs' | 'mode'>): void {
  if (mode !== 'resume' && mode !== 'sync') return;
  const [{ output } = { output: '' }] = outputs;
  const stream = isStdout(output) ? 'standard output' : output;
  throw new OutputError(`--${mode} needs an output file: rows written to ${stream} cannot be read back`, {
    hint: 'Name a file with --output.',
  });
}

function streamDestination(given: JobOutputs): Destination {
  refuseStream(given);
  const { outputs, stdout } = given;
  return {
    suspects: [],
    kept: 0,
    async open({ layouts, items }) {
      const [{ output } = { output: '' }] = outputs;
      const [only] = layouts;
      if (only === undefined) throw new Error('a stream needs a layout');
      const channel = await attempt(output, () => openByteChannel({ output, overwrite: true, stdout }));
      return {
        sink: streamSink(channel, textFile(only.layout)),
        items,
        hasManifest: false,
        recordDecode: (_, action) => action(),
        spaces: [],
        close: async () => {},
      };
    },
    release: async () => {},
  };
}

async function runDestination(
  { outputs, mode, checkpointSeconds }: JobOutputs,
  places: PerOutput<RunPlace>,
  locks: readonly HeldLock[],
): Promise<Destination> {
  await recover(places, mode === 'overwrite');
  const found = await readState(places);
  const { state } = found;
  const plan = planRun({ ...found, outputs: outputs.map(({ output }) => output), mode });
  if (plan.kind === 'refuse') throw plan.error;
  const { lead } = places;
  const decoding = join(lead.partial, PARTIAL.decoding);
  const interrupted = state.kind === 'interrupted' && mode !== 'overwrite';
  const suspects = interrupted ? await readSuspects(decoding) : [];
  return {
    suspects,
    kept: interrupted ? state.journal.checkpoint.rows : 0,
    async open({ fingerprint, layouts, ...options }) {
      const run: OpenRunOptions = {
        ...options,
        outputs: perOutput(runOutputs(outputs, places, layouts)),
        mode,
        found,
        checkpointSeconds,
        confirm: () => confirmAll(locks),
        fingerprint: fingerprint(),
      };
      const opened = await attempt(lead.output, () => openRun(run));
      if (!('sink' in opened)) return opened;
      const box = BlackBox.open(decoding, suspects);
      return {
        ...opened,
        items: itemsFor(lead.output, opened.items),
        hasManifest: true,
        spaces: allOutputs(places).map(({ partial }, i) => ({
          folder: dirname(partial),
          bytes: () => opened.sink.bytes[i] ?? 0,
        })),
        recordDecode: (image, action) => box.record(image, action),
        async close() {
          await box.close();
          await opened.close();
        },
      };
    },
    release: () => releaseAll(locks),
  };
}

function runOutputs(
  outputs: readonly JobOutput[],
  places: PerOutput<RunPlace>,
  layouts: readonly RowLayout[],
): readonly RunOutput[] {
  return allOutputs(places).map((place, i) => {
    const [output, layout] = [outputs[i], layouts[i]];
    if (output === undefined || layout === undefined) throw new Error('every output needs a layout');
    return { ...layout, place, command: output.command };
  });
}

/** Yields the items of a run, some read from earlier rows. Turns only failures to read those rows into errors of the output. */
async function* itemsFor(output: string, items: AsyncIterable<JobItem>): AsyncGenerator<JobItem> {
  try {
    yield* items;
  } catch (error) {
    throw error instanceof ReadFailure ? outputFailure(output, error) : error;
  }
}

/** The lock of an output. */
interface HeldLock {
  readonly place: RunPlace;
  readonly lock: Lock;
}

/** Locks all outputs, in the same order whatever theirs is, so that two runs never wait for each other's. */
async function lockAll(places: PerOutput<RunPlace>): Promise<readonly HeldLock[]> {
  const held: HeldLock[] = [];
  const inOrder = allOutputs(places).toSorted((one, other) => (one.lock < other.lock ? -1 : 1));
  try {
    for (const place of inOrder)
      held.push({ place, lock: await attempt(place.output, () => lockOutput(place)) });
    return held;
  } catch (error) {
    await releaseAll(held).catch(() => {});
    throw error;
  }
}

async function releaseAll(locks: readonly HeldLock[]): Promise<void> {
  const released = await Promise.allSettled(locks.map(({ lock }) => lock.release()));
  for (const result of released) if (result.status === 'rejected') throw result.reason;
}

/** @throws {OutputError} if a lock is lost; the file system's error if it cannot be read */
async function confirmAll(locks: readonly HeldLock[]): Promise<void> {
  for (const { place, lock } of locks) await confirmLock(place, lock);
}

async function confirmLock({ output }: RunPlace, lock: Lock): Promise<void> {
  try {
    await lock.confirm();
  } catch (cause) {
    if (!(cause instanceof LockLost)) throw cause;
    throw new OutputError(`the lock of ${output} is gone, or belongs to another run`, {
      hint: 'The folder of the output was moved or removed, or another run took over while this one was suspended.',
      cause,
    });
  }
}

/** @throws {OutputError} if another run holds it; the file system's error */
async function lockOutput(place: RunPlace): Promise<Lock> {
  try {
    return await tryLock(place.lock, { purpose: `a run of halonet to ${place.output}` });
  } catch (error) {
    throw error instanceof LockHeld ? inUseError(place, error) : error;
  }
}

/** Returns the error that tells the user about a held lock. */
export function inUseError({ output, lock }: RunPlace, held: LockHeld): OutputError {
  const { holder } = held;
  const who = holder === undefined ? 'another run' : `another run (process ${holder.pid} on ${holder.host})`;
  return new OutputError(`${who} is writing ${output}`, {
    cause: held,
    hint: `Wait for it, or choose another output. Its lock is ${lock}.`,
  });
}
