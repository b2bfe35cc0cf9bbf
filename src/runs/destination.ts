import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { OutputError } from '../errors.js';
import { openByteChannel } from '../files/byte-channel.js';
import { isStdout } from '../files/place.js';
import { attempt, outputFailure, ReadFailure } from '../files/write-error.js';
import type { Item, JobItem } from '../item.js';
import { type Lock, LockHeld, LockLost, tryLock } from '../lock/lock.js';
import type { Arrangement } from '../outputs/arrangement.js';
import { type OutputLayout, textFile } from '../outputs/layout.js';
import { streamSink } from '../outputs/stream-sink.js';
import type { RowSink } from '../rows.js';
import { BlackBox, readSuspects } from './black-box.js';
import type { Fingerprint } from './journal.js';
import type { Manifest, RunFacts } from './manifest.js';
import { type OpenRunOptions, openRun } from './open-run.js';
import { type OutputMode, planRun } from './plan.js';
import { findOutput, PARTIAL, type RunPlace } from './run-place.js';
import { readState, recover } from './run-state.js';
import type { OutputSpace } from './space-watch.js';
import type { FindItems } from './stored-items.js';

/** Where the rows of a job go. */
export interface JobOutput {
  readonly output: string; // a path, or '-' for `stdout`
  readonly arrangement: Arrangement;
  readonly mode: OutputMode;
  readonly stdout: Writable; // never ended here
  readonly checkpointSeconds: number; // the most work lost in a crash
}

/** An output reserved for this job, from before the model is loaded until `release`. */
export interface Destination {
  /** Images being decoded when the last run to this output crashed. */
  readonly suspects: readonly string[];
  readonly kept: number; // existing rows of an interrupted run
  /**
   * @returns the manifest of the finished output if nothing is left to do
   * @throws {OutputError} if inputs or settings differ from those of the existing run, or the output cannot be read or written
   */
  readonly open: (options: OpenOutputOptions) => Promise<OpenOutput | Manifest>;
  readonly release: () => Promise<void>;
}

export interface OpenOutputOptions {
  readonly layout: OutputLayout;
  readonly fingerprint: () => Fingerprint;
  readonly items: AsyncGenerator<Item>;
  readonly walkAgain: (() => AsyncGenerator<Item>) | undefined; // undefined if inputs can be read only once
  readonly findItems: FindItems; // for a retry
  readonly onNote: (note: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** An output that takes rows. */
export interface OpenOutput {
  readonly sink: RowSink<RunFacts>; // throws OutputError
  readonly items: AsyncIterable<JobItem>; // what is left to do; throws OutputError if earlier rows cannot be read
  readonly hasManifest: boolean; // the job will have a manifest
  /** Runs an action on an image, recording the image in case it crashes the process. */
  readonly recordDecode: <T>(image: string, action: () => Promise<T>) => Promise<T>;
  readonly space?: OutputSpace; // left out for a stream
  readonly walked?: Pick<Manifest, 'skipped' | 'sources'>; // as in OpenRun
  readonly close: () => Promise<void>;
}

/**
 * Reserves an output for a job.
 * @throws {OutputError} if it cannot be written, another run is writing it, or existing files must be kept
 */
export function openDestination(output: JobOutput): Promise<Destination> {
  return attempt(output.output, async () => {
    const place = await findOutput(output.output, output.arrangement);
    if (place.kind !== 'run') return streamDestination(output);
    const lock = await lockOutput(place);
    try {
      return await runDestination(output, place, lock);
    } catch (error) {
      await lock.release().catch(() => {});
      throw error;
    }
  });
}

/** @throws {OutputError} for a mode that reuses rows: a stream has none */
export function refuseStream({ output, mode }: Pick<JobOutput, 'output' | 'mode'>): void {
  if (mode !== 'resume' && mode !== 'sync') return;
  const stream = isStdout(output) ? 'standard output' : output;
  throw new OutputError(`--${mode} needs an output file: rows written to ${stream} cannot be read back`, {
    hint: 'Name a file with --output.',
  });
}

function streamDestination({ output, mode, stdout }: JobOutput): Destination {
  refuseStream({ output, mode });
  return {
    suspects: [],
    kept: 0,
    async open({ layout, items }) {
      const channel = await openByteChannel({ output, overwrite: true, stdout });
      return {
        sink: streamSink(channel, textFile(layout)),
        items,
        hasManifest: false,
        recordDecode: (_, action) => action(),
        close: async () => {},
      };
    },
    release: async () => {},
  };
}

async function runDestination(
  { mode, checkpointSeconds }: JobOutput,
  place: RunPlace,
  lock: Lock,
): Promise<Destination> {
  await recover(place, mode === 'overwrite');
  const state = await readState(place);
  const plan = planRun({ place, state, mode });
  if (plan.kind === 'refuse') throw plan.error;
  const decoding = join(place.partial, PARTIAL.decoding);
  const interrupted = state.kind === 'interrupted' && mode !== 'overwrite';
  const suspects = interrupted ? await readSuspects(decoding) : [];
  return {
    suspects,
    kept: interrupted ? state.journal.checkpoint.rows : 0,
    async open({ fingerprint, ...options }) {
      const run: OpenRunOptions = {
        ...options,
        place,
        mode,
        state,
        checkpointSeconds,
        confirm: () => confirmLock(place, lock),
        fingerprint: fingerprint(),
      };
      const opened = await attempt(place.output, () => openRun(run));
      if (!('sink' in opened)) return opened;
      const box = BlackBox.open(decoding, suspects);
      return {
        ...opened,
        items: itemsFor(place.output, opened.items),
        hasManifest: true,
        space: { folder: dirname(place.partial), bytes: () => opened.sink.bytes },
        recordDecode: (image, action) => box.record(image, action),
        async close() {
          await box.close();
          await opened.close();
        },
      };
    },
    release: () => lock.release(),
  };
}

/** Yields the items of a run, some read from earlier rows. Turns only failures to read those rows into errors of the output. */
async function* itemsFor(output: string, items: AsyncIterable<JobItem>): AsyncGenerator<JobItem> {
  try {
    yield* items;
  } catch (error) {
    throw error instanceof ReadFailure ? outputFailure(output, error) : error;
  }
}

/** @throws {OutputError} if the lock is lost; the file system's error if it cannot be read */
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
