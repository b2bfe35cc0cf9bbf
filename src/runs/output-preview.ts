import { basename, join } from 'node:path';
import { HalonetError } from '../errors.js';
import { attempt } from '../files/write-error.js';
import type { Item } from '../item.js';
import { inspectLock } from '../lock/lock.js';
import type { OutputLayout } from '../outputs/layout.js';
import type { Packing } from '../outputs/packing.js';
import { isText, type RowFile } from '../outputs/row-file.js';
import { readSuspects } from './black-box.js';
import { inUseError, type JobOutputs, refuseStream } from './destination.js';
import { findOutputs } from './find-outputs.js';
import { compareInputs } from './input-changes.js';
import type { Fingerprint } from './journal.js';
import { RECORD_BYTES } from './ledger.js';
import { allOutputs, type PerOutput } from './per-output.js';
import { planRun } from './plan.js';
import { previewRecovery } from './recovery.js';
import { fileName } from './run-paths.js';
import { LEDGER, PARTIAL, type RunPlace } from './run-place.js';
import type { FoundState } from './run-state.js';
import { comparedInputs, type PlanQuestions, type SettledPlan, settlePlan } from './settle-plan.js';

/** What a run would find at its outputs. */
export interface OutputPreview {
  readonly run: PreviewedRun | undefined; // undefined for a stream
  readonly suspects: readonly string[]; // images being decoded when the last run crashed
  readonly refusal: HalonetError | undefined; // the error that a run would end with
}

interface PreviewedRun extends FoundState {
  readonly places: PerOutput<RunPlace>; // with the current paths of their files
}

/**
 * Checks outputs as a run does before its model is loaded, without changing anything.
 * @throws {OutputError} if a path cannot hold such an output, or existing files cannot be read
 */
export async function previewOutputs(
  given: JobOutputs,
  signal: AbortSignal | undefined,
): Promise<OutputPreview> {
  const found = await findOutputs(given);
  if (found.kind === 'stream')
    return { run: undefined, suspects: [], refusal: await refusalOf(async () => refuseStream(given)) };
  const { places } = found;
  return attempt(places.lead.output, async () => {
    const run = await previewRecovery(places);
    const refusal = await refusalOf(async () => {
      for (const place of allOutputs(places)) {
        const held = await inspectLock(place.lock, { signal });
        if (held !== undefined) throw inUseError(place, held);
      }
      const plan = planRun({ ...run, outputs: namesOf(run), mode: given.mode });
      if (plan.kind === 'refuse') throw plan.error;
    });
    const died = run.state.kind === 'interrupted';
    const suspects = died ? await readSuspects(join(run.places.lead.partial, PARTIAL.decoding)) : [];
    return { run, suspects, refusal };
  });
}

const namesOf = ({ places }: PreviewedRun) => allOutputs(places).map(({ output }) => output);

/**
 * Returns the plan that a run would carry out.
 *
 * @param walk over all inputs; undefined if they can be read only once, and are assumed unchanged
 * @throws {OutputError} if existing files are damaged or cannot be read
 */
export async function previewPlan(
  { run, refusal }: OutputPreview,
  mode: JobOutputs['mode'],
  fingerprint: () => Fingerprint,
  walk: (() => AsyncGenerator<Item>) | undefined,
): Promise<PlanPreview> {
  if (refusal !== undefined) return { kind: 'refuse', error: refusal };
  if (run === undefined) return { kind: 'start', replaces: false };
  const questions: PlanQuestions = {
    fingerprint,
    compare: async (known) =>
      walk === undefined
        ? { kind: 'unread' }
        : comparedInputs(await compareInputs(walk(), known), { rows: known.rows, used: false }),
  };
  const { places, ...found } = run;
  const facts = { ...found, mode, outputs: namesOf(run), lead: places.lead };
  return attempt(places.lead.output, () => settlePlan(facts, questions));
}

/** A plan, whose refusal may concern more than the output. */
export type PlanPreview =
  | Exclude<SettledPlan, { kind: 'refuse' }>
  | { readonly kind: 'refuse'; readonly error: HalonetError };

async function refusalOf(action: () => Promise<void>): Promise<HalonetError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof HalonetError) return error;
    throw error;
  }
}

/** A file that a run writes. */
export interface PlannedFile {
  readonly name: string;
  readonly headerBytes: number;
  readonly rowBytes: number | undefined; // undefined if there was no row to measure
  readonly exact: boolean; // false if estimated from a few rows
}

/**
 * @param place of the output; undefined for a stream
 * @param textBytes bytes of text per row
 */
export function plannedFiles(
  place: RunPlace | undefined,
  { files, arrangement, packing }: OutputLayout,
  textBytes: number | undefined,
  output: string,
): readonly PlannedFile[] {
  const planned = (file: RowFile, name: string): PlannedFile => ({
    name,
    headerBytes: file.header.byteLength,
    rowBytes: isText(file) ? textBytes : (file.rows?.bytes ?? 0),
    exact: !isText(file),
  });
  if (place === undefined)
    return files.map((file) => planned(file, output === '-' ? 'standard output' : output));
  const own = basename(place.path);
  const shown = (name: string) => (arrangement.folder ? `${own}/${name}` : name);
  const rowFiles = files.map((file) => planned(file, shown(fileName(place, file))));
  const all =
    packing === undefined ? rowFiles : packedFiles(packing, rowFiles, { output: own, textBytes }, shown);
  const isLarge = ({ exact, rowBytes }: PlannedFile) => exact && rowBytes !== 0; // shown first
  return [
    ...all.filter(isLarge),
    ...all.filter((file) => !isLarge(file)),
    { name: own + LEDGER, headerBytes: 0, rowBytes: RECORD_BYTES, exact: true },
  ];
}

/**
 * Returns the files that an output is packed into. If its packing does not describe them, the first stands for all of its bytes.
 * @param shown returns the name to show for a file
 */
function packedFiles(
  { names, growth, planned }: Packing,
  rowFiles: readonly PlannedFile[],
  { output, textBytes }: { readonly output: string; readonly textBytes: number | undefined },
  shown: (name: string) => string,
): readonly PlannedFile[] {
  const bytes = rowFiles.reduce<number | undefined>(
    (sum, { rowBytes }) => (sum === undefined || rowBytes === undefined ? undefined : sum + rowBytes),
    0,
  );
  const files =
    planned?.(textBytes) ??
    names(output).map((name, i) => ({ name, rowBytes: i > 0 ? 0 : bytes && growth * bytes }));
  return files.map(({ name, rowBytes }) => ({ name: shown(name), headerBytes: 0, rowBytes, exact: false }));
}

/**
 * Returns the bytes per row of the files that exist only until an output is packed; undefined if there was no row to measure.
 *
 * @param textBytes bytes of text per row
 */
export function temporaryBytes(
  { files, packing }: OutputLayout,
  textBytes: number | undefined,
): number | undefined {
  if (packing === undefined) return 0;
  const fixed = files.reduce((sum, { rows }) => sum + (rows?.bytes ?? 0), 0);
  return textBytes && fixed + textBytes;
}

/** Returns how many rows exist or can be reused; undefined for a refusal, or if it depends on inputs that are read only once. */
export function existingRows(plan: PlanPreview): number | undefined {
  switch (plan.kind) {
    case 'refuse':
      return undefined;
    case 'start':
      return 0;
    case 'done':
      return plan.manifest.rows;
    case 'resume':
      return plan.journal.checkpoint.rows;
    case 'reuse': {
      const { from, changes } = plan;
      const known = from.kind === 'finished' ? from.manifest.rows : from.journal.checkpoint.rows;
      return changes && known - changes.lost - changes.changed;
    }
  }
}

/** Returns the bytes of each output that are already on disk, or are freed before new ones are written. */
export function existingBytes({ run }: OutputPreview, plan: PlanPreview): readonly number[] {
  if (run?.state.kind !== 'interrupted' || plan.kind === 'refuse' || plan.kind === 'reuse') return [];
  const { rows, bytes, others = [] } = run.state.journal.checkpoint;
  return [bytes, ...others.map((other) => other.bytes)].map((files) =>
    Object.values(files).reduce((sum, file) => sum + file, rows * RECORD_BYTES),
  );
}
