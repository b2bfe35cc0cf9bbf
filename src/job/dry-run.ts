import { dirname } from 'node:path';
import type { DeviceChoice } from '../devices/choose-device.js';
import type { HalonetError } from '../errors.js';
import { freeSpace } from '../files/free-space.js';
import type { Size } from '../images/geometry.js';
import { lowDiscrepancyOrder } from '../low-discrepancy-order.js';
import {
  existingBytes,
  existingRows,
  type OutputPreview,
  type PlannedFile,
  type PlanPreview,
  plannedFiles,
  previewOutput,
  previewPlan,
  temporaryBytes,
} from '../runs/output-preview.js';
import { outOfSpace } from '../runs/space.js';
import type { SkippedCounts } from '../sources/skipped-files.js';
import { STDIN } from '../sources/standard-input.js';
import { type SourceCounts, WalkCounts } from '../sources/walk-counts.js';
import type { FileJobOptions } from './options.js';
import { jobFingerprint, layoutOf, readyModel, SAMPLED_INPUTS } from './ready-model.js';
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
  readonly output: string;
  readonly run: PlanPreview; // for its output
  readonly replaces: boolean; // whether it replaces existing files
  readonly refusal: HalonetError | undefined; // the error that it would end with before its first row
  readonly files: readonly PlannedFile[];
  readonly rows: number | undefined; // of the finished output
  readonly there: number | undefined; // of these, rows that need not be computed
  readonly space: PlannedSpace | undefined; // undefined for a stream
  readonly trial: Trial | undefined; // undefined if there was nothing to try
}

export interface PlannedSpace {
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
  const { destination } = outputs;
  const foreseen = await previewOutput(destination, signal);
  const list = images.inputs.includes(STDIN);
  const named = { ...images, inputs: images.inputs.filter((input) => input !== STDIN) };
  const walkKnown = () => walkImages(named, { signal });
  const counts = new WalkCounts();
  const found = await survey(walkImages(named, { signal, counts }), SAMPLED_INPUTS);
  const inputs = { ...found, skipped: counts.skipped, sources: counts.sources };
  const ready = await readyModel(options, { peek: async () => inputs.first }, false);
  const layout = await layoutOf(options, ready);
  const run = await previewPlan(
    foreseen,
    destination.mode,
    () => jobFingerprint(options, ready, layout),
    list ? undefined : walkKnown,
  );
  const { output } = destination;
  const tried = lowDiscrepancyOrder([...inputs.first.entries()])
    .slice(0, TRIED)
    .sort(([a], [b]) => a - b) // an archive that is compressed is best read in its order
    .map(([, item]) => item);
  const known = { total: inputs.rows, suspects: foreseen.suspects, layout };
  const trial = tried.length > 0 ? await runTrial(tried, known, options, ready) : undefined;
  const textBytes = trial && trial.textBytes / trial.rows;
  const files = plannedFiles(foreseen, layout, textBytes, output);
  const rows = list ? undefined : inputs.rows;
  const space = await spaceOf(foreseen, run, files, { rows, temporary: temporaryBytes(layout, textBytes) });
  return {
    model: model.name,
    device: ready.choice,
    size: ready.prepared.preprocessing,
    inputs,
    list,
    output,
    run,
    files,
    rows,
    space,
    trial,
    refusal: run.kind === 'refuse' ? run.error : shortage(output, space, outputs.checksSpace),
    replaces: destination.mode === 'overwrite' && (foreseen.run?.state.kind ?? 'nothing') !== 'nothing',
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
  return files
    .map((file) => fileBytes(file, rows))
    .reduce((sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes), 0);
}

async function spaceOf(
  foreseen: OutputPreview,
  run: PlanPreview,
  files: readonly PlannedFile[],
  all: { readonly rows: number | undefined; readonly temporary: number | undefined }, // bytes per row
): Promise<PlannedSpace | undefined> {
  if (foreseen.run === undefined) return undefined;
  const folder = dirname(foreseen.run.place.partial);
  const temporary = run.kind === 'done' ? 0 : all.temporary && Math.round((all.rows ?? 0) * all.temporary);
  const total = run.kind === 'done' ? 0 : totalBytes(files, all.rows);
  const needed =
    total === undefined || temporary === undefined
      ? undefined
      : Math.max(0, total + temporary - existingBytes(foreseen, run));
  return { folder, needed, temporary, free: await freeSpace(folder) };
}

function shortage(
  output: string,
  space: PlannedSpace | undefined,
  checks: boolean,
): HalonetError | undefined {
  if (!checks || space?.needed === undefined || space.free === undefined) return undefined;
  const { folder, needed, free } = space;
  return needed > free ? outOfSpace(output, { folder, needed, free }) : undefined;
}
