import { between, type Random } from '../../src/random.js';
import type { KillPlan } from '../support/fs-preload.js';
import type { Life, Reference } from '../support/lives.js';

/** When and how a run is killed: from outside after some time, or by itself at a call, perhaps with a power loss. */
export type Moment = Pick<Life, 'signals' | 'kill' | 'powerLoss'>;

const POWER_LOSSES = 0.4; // of the kills at a call
const LAST_CALLS = 30; // in which a run publishes its files and cleans up

// Most are SIGKILL. The second of two SIGINTs ends a run that is still handling the first.
const SIGNALS: readonly KillPlan['signals'][] = [
  ...Array<KillPlan['signals']>(6).fill(['SIGKILL']),
  ['SIGTERM'],
  ['SIGINT'],
  ['SIGINT', 'SIGINT'],
];

const WHEN = ['before', 'midway', 'after'] as const;

/** Draws a moment of an uninterrupted run: a fifth by time, two fifths at any call, two at one of the last calls. */
export function drawMoment(random: Random, { milliseconds, report }: Reference): Moment {
  const signals = pick(random, SIGNALS) ?? [];
  const by = random();
  if (by < 1 / 5) {
    const first = between(random, 0, milliseconds);
    return {
      signals: signals.map((signal, i) => ({ signal, after: i === 0 ? first : between(random, 0, 60) })),
    };
  }
  const from = by < 3 / 5 ? 0 : Math.max(0, report.calls - LAST_CALLS);
  const at = Math.floor(between(random, from, report.calls));
  const when = pick(random, WHEN) ?? 'before';
  if (random() < POWER_LOSSES)
    return { kill: { at, when, signals: ['SIGKILL'] }, powerLoss: random() * 2 ** 32 };
  return { kill: { at, when, signals } };
}

function pick<T>(random: Random, choices: readonly T[]): T | undefined {
  return choices[Math.floor(random() * choices.length)];
}
