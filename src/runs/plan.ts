import { enumeration } from '../alternatives.js';
import { counted } from '../counted.js';
import { OutputError } from '../errors.js';
import { alreadyExists } from '../files/place.js';
import { otherSettings } from './fingerprint.js';
import { type InputChanges, isRespelledOnly } from './input-changes.js';
import type { Fingerprint, JournalState } from './journal.js';
import type { Manifest } from './manifest.js';
import { type RunPlace, shownPath } from './run-place.js';
import type { RunState } from './run-state.js';

/** What to do about the files of earlier runs. */
export type OutputMode = 'new' | 'overwrite' | 'resume' | 'sync' | 'retry';

/** An earlier run to resume, or whose rows can be reused. */
export type EarlierRun = Extract<RunState, { kind: 'interrupted' | 'finished' }>;

/** The facts that determine a plan. Those left out are not known yet, and are costly to find out. */
export interface PlanFacts {
  readonly place: Pick<RunPlace, 'output' | 'path' | 'partial' | 'manifest'>; // that the state is told about
  readonly outputs: readonly string[]; // all of the run, as the user gave them
  readonly state: RunState; // what earlier runs left
  readonly mode: OutputMode;
  readonly fingerprint?: Fingerprint | undefined; // of the planned run
  readonly inputs?: ComparedInputs | undefined;
}

/** The current inputs, compared with those of the earlier run. */
export type ComparedInputs =
  | { readonly kind: 'unread' } // they can be read only once, and have not been
  | { readonly kind: 'same' }
  | {
      readonly kind: 'changed';
      readonly changes: InputChanges;
      readonly rows: number; // of the earlier run
      readonly used: boolean; // the comparison consumed them
    };

/** What a run does first. */
export type Plan =
  | { readonly kind: 'unsettled'; readonly lacks: 'fingerprint' }
  | { readonly kind: 'unsettled'; readonly lacks: 'inputs'; readonly of: EarlierRun } // to compare with those of that run
  | { readonly kind: 'refuse'; readonly error: OutputError }
  | { readonly kind: 'done'; readonly manifest: Manifest; readonly respelled: number } // rows whose inputs have new paths
  | { readonly kind: 'start'; readonly replaces: boolean }
  | { readonly kind: 'resume'; readonly journal: JournalState }
  | {
      readonly kind: 'reuse';
      readonly from: EarlierRun;
      readonly rows: 'unchanged' | 'succeeded';
      readonly changes: InputChanges | undefined; // undefined if unknown, or none
    };

/**
 * Plans a run from the facts known so far. It is a pure function: if a fact is missing, the plan says which.
 */
export function planRun(facts: PlanFacts): Plan {
  const { outputs, state, mode, fingerprint } = facts;
  const refusal = refusalOf(facts);
  if (refusal !== undefined) return { kind: 'refuse', error: refusal };
  if (mode === 'new' || mode === 'overwrite' || !isEarlierRun(state))
    return { kind: 'start', replaces: mode === 'overwrite' };
  if (fingerprint === undefined) return { kind: 'unsettled', lacks: 'fingerprint' };
  const other = otherSettings(outputs, fingerprintOf(state), fingerprint, mode === 'retry');
  if (other !== undefined) return { kind: 'refuse', error: other };
  return mode === 'retry' ? planRetry(state) : planResumeOrSync(state, facts);
}

function planRetry(state: EarlierRun): Plan {
  if (state.kind === 'interrupted') return { kind: 'resume', journal: state.journal };
  if (Object.keys(state.manifest.failures).length === 0)
    return { kind: 'done', manifest: state.manifest, respelled: 0 };
  return { kind: 'reuse', from: state, rows: 'succeeded', changes: undefined };
}

/** Plans a run with --resume or --sync. */
function planResumeOrSync(state: EarlierRun, { outputs, mode, inputs }: PlanFacts): Plan {
  const output = enumeration(outputs);
  if (inputs === undefined) return { kind: 'unsettled', lacks: 'inputs', of: state };
  if (inputs.kind === 'same' || (inputs.kind === 'unread' && mode === 'resume'))
    return continuation(state, 0);
  const reuse = { kind: 'reuse', from: state, rows: 'unchanged' } as const;
  if (inputs.kind === 'unread') return { ...reuse, changes: undefined };
  const { changes, used } = inputs;
  if (mode === 'resume') {
    if (!isRespelledOnly(changes)) return { kind: 'refuse', error: changedInputsError(output, changes) };
    if (state.kind === 'finished') return continuation(state, changes.respelled);
    if (used) return { kind: 'refuse', error: changedInputsError(output, changes) };
  }
  const emptied = emptiedError(output, changes, inputs.rows);
  return emptied === undefined ? { ...reuse, changes } : { kind: 'refuse', error: emptied };
}

function continuation(state: EarlierRun, respelled: number): Plan {
  if (state.kind === 'finished') return { kind: 'done', manifest: state.manifest, respelled };
  return { kind: 'resume', journal: state.journal };
}

const isEarlierRun = (state: RunState): state is EarlierRun =>
  state.kind === 'interrupted' || state.kind === 'finished';

/** Returns the fingerprint of an earlier run. */
export const fingerprintOf = (state: EarlierRun): Fingerprint =>
  state.kind === 'finished' ? state.manifest.fingerprint : state.journal.header.fingerprint;

/** Returns the error if a mode does not fit the existing state; undefined if it does. */
function refusalOf({ place, outputs, state, mode }: PlanFacts): OutputError | undefined {
  const { output } = place;
  if (mode === 'overwrite' || state.kind === 'nothing') return undefined;
  switch (state.kind) {
    case 'interrupted':
      return refusedContinuation(place, outputs, state.journal.header.retries, mode);
    case 'finished':
      return mode === 'new' ? alreadyExists(output, '--sync to update it, ') : undefined;
    case 'foreign':
      return foreignError(place, outputs, state, mode);
    case 'partly':
      return partlyError(place, state, mode);
    case 'mixed':
      if (mode === 'new') return alreadyExists(output);
      return new OutputError(
        `${output} was not written by the same run as ${shownPath(place, state.existing)}`,
        {
          hint: 'Restore the files of one run, or pass --overwrite to start over.',
        },
      );
  }
  if (mode === 'new') return alreadyExists(shownPath(place, state.found));
  if (state.kind === 'altered') return alteredError(place, state, mode);
  const manifest = shownPath(place, place.manifest);
  return new OutputError(`${shownPath(place, state.found)} exists, but its manifest ${manifest} does not`, {
    hint: 'Pass --overwrite to replace it, or choose another name.',
  });
}

/** Returns the error for an interrupted run, unless the mode continues it. */
function refusedContinuation(
  place: PlanFacts['place'],
  outputs: readonly string[],
  retries: boolean,
  mode: OutputMode,
): OutputError | undefined {
  if (mode !== 'new' && retries === (mode === 'retry')) return undefined;
  const names = enumeration(outputs);
  return new OutputError(
    `a ${retries ? 'retry of' : 'run to'} ${names} was interrupted: its rows are kept in ${shownPath(place, place.partial)}`,
    {
      hint: retries
        ? `Continue it: halonet retry ${outputs[0]}`
        : 'Repeat the command with --resume to continue it, or with --overwrite to discard it.',
    },
  );
}

/** Returns the error for an output of a run of other outputs. */
function foreignError(
  place: PlanFacts['place'],
  outputs: readonly string[],
  { outputs: found, isFinished, retries }: Extract<RunState, { kind: 'foreign' }>,
  mode: OutputMode,
): OutputError {
  const { output, path } = place;
  if (isFinished && mode === 'new') return alreadyExists(output);
  const theirs = found.map((path) => shownPath(place, path));
  const inOrder = outputs.length === 1 || found.length === 1 ? '' : ', in this order';
  const by =
    theirs.length === 1
      ? `by a run to ${found[0] === path ? 'it alone' : theirs[0]}`
      : `by a run to ${enumeration(theirs)}${inOrder}`;
  if (isFinished)
    return new OutputError(`${output} was written ${by}`, {
      hint: `Repeat the command of that run with --${mode}, or pass --overwrite to start over.`,
    });
  if (retries)
    return new OutputError(`a retry of ${enumeration(theirs)} was interrupted`, {
      hint: `Continue it: halonet retry ${output}`,
    });
  return new OutputError(`${output} belongs to an interrupted run to ${enumeration(theirs)}${inOrder}`, {
    hint: 'Repeat the command of that run with --resume to continue it, or pass --overwrite to discard it.',
  });
}

/** Returns the error for an output that has nothing of the run that wrote the others. */
function partlyError(
  place: PlanFacts['place'],
  { existing, isFinished }: Extract<RunState, { kind: 'partly' }>,
  mode: OutputMode,
): OutputError {
  const { output, partial } = place;
  const other = shownPath(place, existing);
  if (!isFinished)
    return new OutputError(`the run to ${other} cannot continue: ${shownPath(place, partial)} is missing`, {
      hint: 'Restore it, or pass --overwrite to start over.',
    });
  if (mode === 'new') return alreadyExists(other);
  return new OutputError(`${output} does not exist, and ${other} does`, {
    hint: `Restore it, repeat the --emit flags of the run that wrote ${other}, or pass --overwrite to start over.`,
  });
}

function alteredError(
  place: PlanFacts['place'],
  { file, missing }: Extract<RunState, { kind: 'altered' }>,
  mode: OutputMode,
): OutputError {
  const { output } = place;
  const what = mode === 'retry' ? 'halonet retry' : `--${mode}`;
  const next =
    mode === 'retry'
      ? `repeat the command in ${shownPath(place, place.manifest)} with --overwrite to start over`
      : 'pass --overwrite to start over';
  return new OutputError(
    `${shownPath(place, file)} ${missing ? 'is missing' : 'was altered'}: ${what} needs all files of ${output} as its run wrote them`,
    { hint: `Restore the file, or ${next}. To check all files: halonet verify ${output}` },
  );
}

/** Refuses to drop rows if their inputs may only be unreachable. */
function emptiedError(output: string, { lost, unread }: InputChanges, rows: number): OutputError | undefined {
  if (lost === 0 || (lost < rows && unread === 0)) return undefined;
  const why =
    unread > 0
      ? `${counted(unread, 'input')} cannot be read`
      : 'none of its images is among the inputs any more';
  const all = rows === 1 ? 'the only row' : `all ${counted(rows, 'row')}`;
  const dropped = lost === rows ? all : `${lost} of the ${counted(rows, 'row')}`;
  return new OutputError(`--sync would drop ${dropped} of ${output}: ${why}`, {
    hint: 'Check that the disk is mounted and the folder is in place, or pass --overwrite to start over with the images that exist.',
  });
}

function changedInputsError(output: string, changes: InputChanges): OutputError {
  return new OutputError(`the inputs of ${output} have changed: ${changesText(changes)}`, {
    hint: 'Pass --sync to compute only new and changed images, or --overwrite to start over.',
  });
}

export function changesText({ gained, lost, changed, moved, respelled }: InputChanges): string {
  const counts = [
    [gained, 'new'],
    [changed, 'changed'],
    [lost, 'gone'],
    [respelled, 'with a new path or new columns'],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [...parts, ...(moved ? ['in another order'] : [])].join(', ');
}
