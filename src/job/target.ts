import type { Item } from '../item.js';
import type { RowSink } from '../rows.js';
import { type OpenOutput, openDestination } from '../runs/destination.js';
import type { Manifest } from '../runs/manifest.js';
import { SpaceWatch } from '../runs/space-watch.js';
import { ItemFinder } from '../sources/item-finder.js';
import { noteEvents } from './events.js';
import type { FileJobOptions, JobOptions } from './options.js';
import { jobFingerprint, layoutsOf, type ReadyModel } from './ready-model.js';

/** Where the rows of a job go. It is reserved for this job from before the model is loaded until `release`. */
export interface JobTarget {
  /** Images being decoded when the last run to it crashed. */
  readonly suspects: readonly string[];
  readonly kept: number; // existing rows of an interrupted run
  /** @returns the manifest of the finished output if nothing is left to do */
  readonly open: (ready: ReadyModel, inputs: TargetInputs) => Promise<OpenTarget | Manifest>;
  readonly release: () => Promise<void>;
}

/** The inputs of a job as a target takes them. */
export interface TargetInputs {
  readonly items: AsyncGenerator<Item>;
  readonly walkAgain: (() => AsyncGenerator<Item>) | undefined; // undefined if inputs can be read only once
  readonly total: () => number | undefined; // undefined until known
}

/** An output, or a sink, that takes rows. */
export interface OpenTarget extends Omit<OpenOutput, 'spaces'> {
  readonly space?: SpaceWatch | undefined; // undefined if there is nothing to watch, or the check is off
  readonly bytes?: (() => number) | undefined; // of the output so far; undefined for a stream
}

/** @throws {OutputError} if the output cannot be written, another run is writing it, or existing files must be kept */
export async function reserveTarget(options: JobOptions): Promise<JobTarget> {
  const { outputs } = options;
  return 'sink' in outputs ? sinkTarget(outputs.sink) : fileTarget({ ...options, outputs });
}

function sinkTarget(sink: RowSink): JobTarget {
  return {
    suspects: [],
    kept: 0,
    open: async (_, { items }) => ({
      sink,
      items,
      hasManifest: false,
      recordDecode: (_, action) => action(),
      close: async () => {},
    }),
    release: async () => {},
  };
}

async function fileTarget(options: FileJobOptions): Promise<JobTarget> {
  const { outputs, images, signal } = options;
  const destination = await openDestination(outputs);
  const { suspects, kept, release } = destination;
  const onNote = noteEvents(options.onEvent);
  return {
    suspects,
    kept,
    async open(ready, { items, walkAgain, total }) {
      const layouts = await layoutsOf(options, ready);
      const fingerprint = () => jobFingerprint(options, ready, layouts);
      const opened = await destination.open({
        layouts,
        fingerprint,
        items,
        walkAgain,
        findItems: new ItemFinder(images.folder, images.imageColumn, images.storage, onNote),
        onNote,
        signal,
      });
      if (!('sink' in opened)) return opened;
      const { spaces, ...rest } = opened;
      const bytes = spaces.length === 0 ? undefined : () => spaces.reduce((sum, one) => sum + one.bytes(), 0);
      if (spaces.length === 0 || !outputs.checksSpace) return { ...rest, bytes };
      const watched = outputs.outputs.flatMap(({ output }, i) => {
        const [space, row] = [spaces[i], layouts[i]];
        return space === undefined || row === undefined ? [] : [{ ...space, output, layout: row.layout }];
      });
      const everySeconds = outputs.checkpointSeconds;
      const watch = new SpaceWatch(watched, opened.sink.counts.rows, { total, everySeconds, onNote });
      return { ...rest, bytes, space: watch };
    },
    release,
  };
}
