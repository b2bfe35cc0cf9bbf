import type { Item } from '../item.js';
import type { RowSink } from '../rows.js';
import { openDestination, type Started } from '../runs/destination.js';
import type { Manifest } from '../runs/manifest.js';
import { SpaceWatch } from '../runs/space-watch.js';
import { itemsAgain } from '../sources/again.js';
import { noteEvents } from './events.js';
import type { FileJobOptions, JobOptions } from './options.js';
import { jobFingerprint, layoutOf, type ReadyModel } from './ready-model.js';

/** Where the rows of a job go. It is reserved for this job from before the model is loaded until `release`. */
export interface Target {
  /** Images being decoded when the last run to it crashed. */
  readonly suspects: readonly string[];
  readonly kept: number; // existing rows of an interrupted run
  /** @returns the manifest of the finished output if nothing is left to do */
  readonly start: (ready: ReadyModel, inputs: TargetInputs) => Promise<StartedTarget | Manifest>;
  readonly release: () => Promise<void>;
}

/** The inputs of a job as a target takes them. */
export interface TargetInputs {
  readonly items: AsyncGenerator<Item>;
  readonly walkAgain: (() => AsyncGenerator<Item>) | undefined; // undefined if inputs can be read only once
  readonly total: () => number | undefined; // undefined until known
}

/** A target that takes rows. */
export interface StartedTarget extends Omit<Started, 'space'> {
  readonly space?: SpaceWatch | undefined; // undefined if there is nothing to watch, or the check is off
}

/** @throws {OutputError} if the output cannot be written, another run is writing it, or existing files must be kept */
export async function openTarget(options: JobOptions): Promise<Target> {
  const { outputs } = options;
  return 'sink' in outputs ? handedIn(outputs.sink) : filesOf({ ...options, outputs });
}

function handedIn(sink: RowSink): Target {
  return {
    suspects: [],
    kept: 0,
    start: async (_, { items }) => ({
      sink,
      items,
      recorded: false,
      around: (_, action) => action(),
      close: async () => {},
    }),
    release: async () => {},
  };
}

async function filesOf(options: FileJobOptions): Promise<Target> {
  const { outputs, images, signal } = options;
  const { suspects, kept, start, release } = await openDestination(outputs.destination);
  const onNote = noteEvents(options.onEvent);
  return {
    suspects,
    kept,
    async start(ready, { items, walkAgain, total }) {
      const layout = await layoutOf(outputs, ready);
      const fingerprint = () => jobFingerprint(options, ready, layout);
      const started = await start({
        layout,
        fingerprint,
        items,
        walkAgain,
        again: itemsAgain(images.folder),
        onNote,
        signal,
      });
      if (!('sink' in started)) return started;
      const { space, ...rest } = started;
      if (space === undefined || !outputs.checksSpace) return rest;
      const { output, checkpointSeconds } = outputs.destination;
      const watch = new SpaceWatch(
        { ...space, output, layout, rows: started.sink.counts.rows },
        { total, everySeconds: checkpointSeconds, onNote },
      );
      return { ...rest, space: watch };
    },
    release,
  };
}
