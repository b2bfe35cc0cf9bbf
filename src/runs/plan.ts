import { counted } from '../counted.js';
import { OutputError } from '../errors.js';
import { alreadyExists } from '../files/place.js';
import { differences, otherSettings } from './fingerprint.js';
import { type InputChanges, isRespelledOnly } from './input-changes.js';
import type { Fingerprint, JournalState } from './journal.js';
import type { Manifest } from './manifest.js';
import type { RunPlace } from './run-place.js';
import type { RunState } from './run-state.js';

/** What to do where earlier runs have left something. */
export type OutputMode = 'new' | 'overwrite' | 'resume' | 'sync' | 'retry';

/** What an earlier run has left to go on from, or to take rows from. */
export type Left = Extract<RunState, { kind: 'interrupted' | 'finished' }>;

/** What a plan follows from. What is left out is not known yet, and costs something to find out. */
export interface PlanFacts {
  readonly place: Pick<RunPlace, 'output' | 'partial'>;
  readonly state: RunState; // what was found at the place
  readonly mode: OutputMode;
  readonly fingerprint?: Fingerprint | undefined; // of the run that is to be
  readonly inputs?: ComparedInputs | undefined;
}

/** The inputs as they are now, beside those of what was found. */
export type ComparedInputs =
  | { readonly kind: 'unread' } // they can be read only once, and nobody looks at them beforehand
  | { readonly kind: 'same' }
  | {
      readonly kind: 'changed';
      readonly changes: InputChanges;
      readonly rows: number; // of what was found
      readonly used: boolean; // the comparison has used them up
    };

/** What a run does first. */
export type Plan =
  | { readonly kind: 'unsettled'; readonly lacks: 'fingerprint' }
  | { readonly kind: 'unsettled'; readonly lacks: 'inputs'; readonly of: Left } // to be compared with those of what was found
  | { readonly kind: 'refuse'; readonly error: OutputError }
  | { readonly kind: 'done'; readonly manifest: Manifest; readonly respelled: number } // rows whose inputs have other paths now
  | { readonly kind: 'begin'; readonly replaces: boolean }
  | { readonly kind: 'resume'; readonly journal: JournalState }
  | {
      readonly kind: 'takeOver';
      readonly from: Left;
      readonly rows: 'of unchanged inputs' | 'without a failure';
      readonly changes: InputChanges | undefined; // undefined: not known, or none
    };

/**
 * Plans a run, from what is known so far. It touches nothing and asks nobody: where it lacks a fact, it says which.
 */
export function planRun(facts: PlanFacts): Plan {
  const { place, state, mode, fingerprint } = facts;
  const refusal = refusalOf(place, state, mode);
  if (refusal !== undefined) return { kind: 'refuse', error: refusal };
  if (mode === 'new' || mode === 'overwrite' || !isLeft(state))
    return { kind: 'begin', replaces: mode === 'overwrite' };
  if (fingerprint === undefined) return { kind: 'unsettled', lacks: 'fingerprint' };
  const different = differences(fingerprintOf(state), fingerprint, mode === 'retry' ? LIMITS : []);
  if (different.length > 0) return { kind: 'refuse', error: otherSettings(place.output, different) };
  return mode === 'retry' ? planRetry(state) : planAgain(state, facts);
}

/** What may be set anew for images that have failed, by its names in a fingerprint. */
export const LIMITS = ['maxPixels', 'failOn'];

function planRetry(state: Left): Plan {
  if (state.kind === 'interrupted') return { kind: 'resume', journal: state.journal };
  if (Object.keys(state.manifest.failures).length === 0)
    return { kind: 'done', manifest: state.manifest, respelled: 0 };
  return { kind: 'takeOver', from: state, rows: 'without a failure', changes: undefined };
}

/** Of a run with --resume or --sync. */
function planAgain(state: Left, { place: { output }, mode, inputs }: PlanFacts): Plan {
  if (inputs === undefined) return { kind: 'unsettled', lacks: 'inputs', of: state };
  if (inputs.kind === 'same' || (inputs.kind === 'unread' && mode === 'resume')) return goingOn(state, 0);
  const takeOver = { kind: 'takeOver', from: state, rows: 'of unchanged inputs' } as const;
  if (inputs.kind === 'unread') return { ...takeOver, changes: undefined };
  const { changes, used } = inputs;
  if (mode === 'resume') {
    if (!isRespelledOnly(changes)) return { kind: 'refuse', error: changedInputs(output, changes) };
    if (state.kind === 'finished') return goingOn(state, changes.respelled);
    if (used) return { kind: 'refuse', error: changedInputs(output, changes) };
  }
  const emptied = emptiedOutput(output, changes, inputs.rows);
  return emptied === undefined ? { ...takeOver, changes } : { kind: 'refuse', error: emptied };
}

function goingOn(state: Left, respelled: number): Plan {
  if (state.kind === 'finished') return { kind: 'done', manifest: state.manifest, respelled };
  return { kind: 'resume', journal: state.journal };
}

const isLeft = (state: RunState): state is Left => state.kind === 'interrupted' || state.kind === 'finished';

/** That of the run that has left it. */
export const fingerprintOf = (state: Left): Fingerprint =>
  state.kind === 'finished' ? state.manifest.fingerprint : state.journal.header.fingerprint;

/** Why a mode does not fit what was found; undefined where it does. */
function refusalOf(
  { output, partial }: PlanFacts['place'],
  state: RunState,
  mode: OutputMode,
): OutputError | undefined {
  if (mode === 'overwrite' || state.kind === 'nothing') return undefined;
  if (state.kind === 'interrupted') {
    const { retries } = state.journal.header;
    if (mode !== 'new' && retries === (mode === 'retry')) return undefined;
    return new OutputError(
      `A ${retries ? 'retry of' : 'run to'} ${output} was interrupted; its rows are kept in ${partial}.`,
      {
        hint: retries
          ? `Continue it with halonet retry ${output}.`
          : 'Repeat the command with --resume to continue it, or with --overwrite to discard it.',
      },
    );
  }
  if (mode === 'new') return alreadyExists(state.kind === 'unknown' ? state.found : output);
  if (state.kind === 'finished') return undefined;
  return new OutputError(`${state.found} exists, but was not written by halonet or was modified since.`, {
    hint: 'Pass --overwrite to replace it, or choose another name.',
  });
}

/** Inputs that cannot be reached are not gone: nothing is dropped for them. */
function emptiedOutput(
  output: string,
  { lost, unread }: InputChanges,
  rows: number,
): OutputError | undefined {
  if (lost === 0 || (lost < rows && unread === 0)) return undefined;
  const why =
    unread > 0 ? `${counted(unread, 'input')} cannot be read` : 'none of its inputs is there any more';
  return new OutputError(`${output} would lose ${lost} of its ${counted(rows, 'row')}, and ${why}.`, {
    hint: 'Is a disk not mounted, or a folder missing? Pass --overwrite to start over with the images that exist.',
  });
}

function changedInputs(output: string, changes: InputChanges): OutputError {
  return new OutputError(`The inputs of ${output} have changed: ${changesText(changes)}.`, {
    hint: 'Pass --sync to compute only new and changed images, or --overwrite to start over.',
  });
}

export function changesText({ gained, lost, changed, moved, respelled }: InputChanges): string {
  const counts = [
    [gained, 'new'],
    [changed, 'changed'],
    [lost, 'gone'],
    [respelled, 'given by another path'],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [...parts, ...(moved ? ['in another order'] : [])].join(', ');
}
