import { dirname } from 'node:path';
import type { DeviceChoice } from '../devices/choose-device.js';
import type { HalonetError } from '../errors.js';
import { freeSpace } from '../files/free-space.js';
import type { Size } from '../images/geometry.js';
import { lowDiscrepancyOrder } from '../low-discrepancy-order.js';
import type { RowLayout } from '../runs/destination.js';
import {
  existingBytes,
  existingRows,
  type OutputPreview,
  type PlannedFile,
  type PlanPreview,
  plannedFiles,
  previewOutputs,
  previewPlan,
  temporaryBytes,
} from '../runs/output-preview.js';
import { allOutputs } from '../runs/per-output.js';
import { outOfSpace } from '../runs/space.js';
import { byDisk } from '../runs/space-watch.js';
import type { SkippedCounts } from '../sources/skipped-files.js';
import { STDIN } from '../sources/standard-input.js';
import { type SourceCounts, WalkCounts } from '../sources/walk-counts.js';
import type { FileJobOptions, FileOutput } from './options.js';
import { jobFingerprint, layoutsOf, readyModel, SAMPLED_INPUTS } from './ready-model.js';
import { settleInputs } from './settle-inputs.js';
import { type Survey, survey } from './survey.js';
import { runTrial, type Trial } from './trial.js';
import { walkImages } from './walk-images.js';
import { withStorage } from './with-storage.js';

/** What a job would do. */
export interface JobPlan {
  readonly model: string; // as the user gave it
  readonly device: DeviceChoice;
  readonly size: Size; // of the network input, pixels
  readonly inputs: Survey & { readonly skipped: SkippedCounts; readonly sources: SourceCounts };
  readonly list: boolean; // standard input lists more inputs, and is not read
  readonly outputs: readonly string[]; // as the user gave them
  readonly run: PlanPreview; // for these
  readonly replaces: boolean; // whether it replaces existing files
  readonly refusal: HalonetError | undefined; // the error that it would end with before its first row
  readonly files: readonly PlannedFile[];
  readonly rows: number | undefined; // of each finished output
  readonly there: number | undefined; // of these, rows that need not be computed
  readonly spaces: readonly PlannedSpace[]; // on each disk; none for a stream
  readonly trial: Trial | undefined; // undefined if there was nothing to try
}

/** The space that outputs on one disk need. */
export interface PlannedSpace {
  readonly outputs: readonly string[]; // as the user gave them
  readonly folder: string;
  readonly needed: number | undefined; // bytes, beyond those already on disk
  readonly temporary: number | undefined; // of these, bytes that are freed when the run completes
  readonly free: number | undefined;
}

const TRIED = 32; // inputs

/**
 * Finds out what a job would do, without creating a lock or any file beside its output. It downloads a missing model, because
 * it runs a few images through it.
 *
 * @throws HalonetError if the model or the inputs cannot be used, or the path cannot hold such an output
 */
export function planJob(options: FileJobOptions): Promise<JobPlan> {
  return withStorage(options, async (stored, storage) => {
    const found = await plan(stored);
    const sources = { ...found.inputs.sources, ...storage.counts };
    return { ...found, inputs: { ...found.inputs, sources } };
  });
}

async function plan(given: FileJobOptions): Promise<JobPlan> {
  const options = await settleInputs(given);
  const { model, images, outputs, signal } = options;
  const foreseen = await previewOutputs(outputs, signal);
  const list = images.inputs.includes(STDIN);
  const named = { ...images, inputs: images.inputs.filter((input) => input !== STDIN) };
  const walkKnown = () => walkImages(named, { signal });
  const counts = new WalkCounts();
  const found = await survey(walkImages(named, { signal, counts }), SAMPLED_INPUTS);
  const inputs = { ...found, skipped: counts.skipped, sources: counts.sources };
  const ready = await readyModel(options, { peek: async () => inputs.first }, false);
  const layouts = await layoutsOf(options, ready);
  const run = await previewPlan(
    foreseen,
    outputs.mode,
    () => jobFingerprint(options, ready, layouts),
    list ? undefined : walkKnown,
  );
  const tried = lowDiscrepancyOrder([...inputs.first.entries()])
    .slice(0, TRIED)
    .sort(([a], [b]) => a - b) // an archive that is compressed is best read in its order
    .map(([, item]) => item);
  const known = { total: inputs.rows, suspects: foreseen.suspects, layouts };
  const trial = tried.length > 0 ? await runTrial(tried, known, options, ready) : undefined;
  const rows = list ? undefined : inputs.rows;
  const planned = plannedOutputs(outputs.outputs, layouts, foreseen, trial);
  const spaces = await spacesOf(planned, foreseen, run, rows);
  return {
    model: model.name,
    device: ready.choice,
    size: ready.prepared.preprocessing,
    inputs,
    list,
    outputs: planned.map(({ output }) => output),
    run,
    files: planned.flatMap(({ files }) => files),
    rows,
    spaces,
    trial,
    refusal: run.kind === 'refuse' ? run.error : shortage(spaces, outputs.checksSpace),
    replaces: outputs.mode === 'overwrite' && (foreseen.run?.state.kind ?? 'nothing') !== 'nothing',
    there: existingRows(run),
  };
}

/** Returns the bytes of a file with this many rows; undefined if unknown. */
export function fileBytes(
  { headerBytes, rowBytes }: PlannedFile,
  rows: number | undefined,
): number | undefined {
  if (rows === 0 || rowBytes === 0) return headerBytes;
  return rows === undefined || rowBytes === undefined ? undefined : Math.round(headerBytes + rows * rowBytes);
}

/** Returns the bytes of all files; undefined if the size of any is unknown. */
export function totalBytes(files: readonly PlannedFile[], rows: number | undefined): number | undefined {
  return sum(files.map((file) => fileBytes(file, rows)));
}

/** An output and its files. */
interface PlannedOutput {
  readonly output: string; // as the user gave it
  readonly folder: string; // beside it; '' for a stream
  readonly files: readonly PlannedFile[];
  readonly temporary: number | undefined; // bytes per row of files that are removed in the end
}

function plannedOutputs(
  outputs: readonly FileOutput[],
  layouts: readonly RowLayout[],
  { run }: OutputPreview,
  trial: Trial | undefined,
): readonly PlannedOutput[] {
  const places = run && allOutputs(run.places);
  return outputs.flatMap(({ output }, i) => {
    const [row, place] = [layouts[i], places?.[i]];
    if (row === undefined) return [];
    const textBytes = trial && (trial.textBytes[i] ?? 0) / trial.rows;
    return [
      {
        output,
        folder: place === undefined ? '' : dirname(place.partial),
        files: plannedFiles(place, row.layout, textBytes, output),
        temporary: temporaryBytes(row.layout, textBytes),
      },
    ];
  });
}

async function spacesOf(
  outputs: readonly PlannedOutput[],
  foreseen: OutputPreview,
  run: PlanPreview,
  rows: number | undefined,
): Promise<readonly PlannedSpace[]> {
  if (foreseen.run === undefined) return [];
  const existing = existingBytes(foreseen, run);
  const each = outputs.map(({ output, folder, files, ...all }, i) => {
    const temporary = run.kind === 'done' ? 0 : all.temporary && Math.round((rows ?? 0) * all.temporary);
    const total = run.kind === 'done' ? 0 : totalBytes(files, rows);
    const needed =
      total === undefined || temporary === undefined
        ? undefined
        : Math.max(0, total + temporary - (existing[i] ?? 0));
    return { output, folder, needed, temporary };
  });
  const disks = await byDisk(each);
  return Promise.all(
    disks.map(async (disk) => {
      const folder = disk[0]?.folder ?? '';
      return {
        outputs: disk.map(({ output }) => output),
        folder,
        needed: sum(disk.map(({ needed }) => needed)),
        temporary: sum(disk.map(({ temporary }) => temporary)),
        free: await freeSpace(folder),
      };
    }),
  );
}

/** Returns the sum of numbers of bytes; undefined if any is unknown. */
const sum = (numbers: readonly (number | undefined)[]) =>
  numbers.reduce((all, bytes) => (all === undefined || bytes === undefined ? undefined : all + bytes), 0);

function shortage(spaces: readonly PlannedSpace[], checks: boolean): HalonetError | undefined {
  if (!checks) return undefined;
  for (const { outputs, folder, needed, free } of spaces) {
    if (needed === undefined || free === undefined || needed <= free) continue;
    return outOfSpace(outputs, { folder, needed, free });
  }
  return undefined;
}
