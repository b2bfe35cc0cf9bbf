import { join } from 'node:path';
import type { InputChanges, KnownInputs } from './input-changes.js';
import type { Fingerprint } from './journal.js';
import { type ComparedInputs, type EarlierRun, type Plan, type PlanFacts, planRun } from './plan.js';
import { PARTIAL, type RunPlace } from './run-place.js';

/** Functions that find out the missing facts of a plan. */
export interface PlanQuestions {
  readonly fingerprint: () => Fingerprint;
  readonly compare: (known: KnownInputs) => Promise<ComparedInputs>;
}

export type SettledPlan = Exclude<Plan, { kind: 'unsettled' }>;

/**
 * Plans a run, finding out missing facts only if the plan needs them.
 * @param lead the place whose ledger tells the inputs
 */
export async function settlePlan(
  { lead, ...known }: Pick<PlanFacts, 'place' | 'outputs' | 'state' | 'mode'> & { readonly lead: RunPlace },
  { fingerprint, compare }: PlanQuestions,
): Promise<SettledPlan> {
  let facts: PlanFacts = known;
  for (;;) {
    const plan = planRun(facts);
    if (plan.kind !== 'unsettled') return plan;
    if (plan.lacks === 'fingerprint') facts = { ...facts, fingerprint: fingerprint() };
    else facts = { ...facts, inputs: await compare(knownInputs(lead, plan.of)) };
  }
}

/** @param rows of the earlier run @param used whether the comparison consumed the inputs */
export function comparedInputs(
  changes: InputChanges | undefined,
  { rows, used }: { readonly rows: number; readonly used: boolean },
): ComparedInputs {
  return changes === undefined ? { kind: 'same' } : { kind: 'changed', changes, rows, used };
}

function knownInputs({ partial, ledger }: RunPlace, state: EarlierRun): KnownInputs {
  if (state.kind === 'finished') return { ledger, rows: state.manifest.rows, whole: true };
  const { rows } = state.journal.checkpoint;
  return { ledger: join(partial, PARTIAL.ledger), rows, whole: false };
}
