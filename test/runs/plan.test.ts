import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { InputChanges } from '../../src/runs/input-changes.js';
import type { Fingerprint, JournalState } from '../../src/runs/journal.js';
import type { Manifest } from '../../src/runs/manifest.js';
import { type ComparedInputs, type OutputMode, type Plan, planRun } from '../../src/runs/plan.js';
import type { RunState } from '../../src/runs/run-state.js';

const path = resolve('out.csv');
const PLACE = { output: 'out.csv', path, partial: `${path}.partial`, manifest: `${path}.run.json` };
const THEN: Fingerprint = { device: 'cpu', maxPixels: 1 };

function journal(retries: boolean): JournalState {
  return {
    header: {
      halonet: 2,
      fingerprint: THEN,
      replaces: false,
      reuses: false,
      retries,
      base: '',
      started: '',
    },
    checkpoint: { rows: 5, bytes: {}, inputs: '', seconds: 0 },
    packed: {},
    complete: false,
    length: 0,
  };
}

const manifest = (failures: Manifest['failures']): Manifest => ({
  halonet: 1,
  layout: 'text',
  fingerprint: THEN,
  started: '',
  finished: '',
  seconds: 0,
  outputs: [],
  ledger: { name: '', bytes: 0, sha256: '' },
  rows: 5,
  failures,
  versions: {},
  command: [],
  folder: '/',
  model: { name: '', path: '', sha256: '' },
  preprocessing: {},
  preprocessingSha256: '',
  device: 'cpu',
  stored: 0,
  skipped: {},
  sources: {},
});

const STATES = {
  nothing: { kind: 'nothing' },
  foreign: { kind: 'unknown', found: path },
  altered: { kind: 'altered', found: path, file: `${path}.run.rows`, missing: false },
  incomplete: { kind: 'altered', found: path, file: path, missing: true },
  'a run': { kind: 'interrupted', journal: journal(false) },
  'a retry': { kind: 'interrupted', journal: journal(true) },
  whole: { kind: 'finished', manifest: manifest({}) },
  failures: { kind: 'finished', manifest: manifest({ not_found: 1 }) },
} as const satisfies Record<string, RunState>;

const MODES = ['new', 'overwrite', 'resume', 'sync', 'retry'] as const satisfies readonly OutputMode[];

const FINGERPRINTS = {
  unknown: undefined,
  same: THEN,
  'another limit': { ...THEN, maxPixels: 2 },
  'another device': { ...THEN, device: 'cuda' },
} as const;

const NONE: InputChanges = { gained: 0, lost: 0, unread: 0, changed: 0, moved: false, respelled: 0 };
const changed = (changes: Partial<InputChanges>, used = false): ComparedInputs => ({
  kind: 'changed',
  changes: { ...NONE, ...changes },
  rows: 5,
  used,
});

const INPUTS = {
  unknown: undefined,
  unread: { kind: 'unread' },
  same: { kind: 'same' },
  respelled: changed({ respelled: 3 }),
  'respelled, used up': changed({ respelled: 3 }, true),
  others: changed({ gained: 1, lost: 1, changed: 1 }),
  'all gone': changed({ lost: 5 }),
  'some gone, some unreadable': changed({ lost: 1, unread: 1 }),
} as const satisfies Record<string, ComparedInputs | undefined>;

type Of<T> = '*' | keyof T;

/** The expected plans. The first line that matches applies. */
const TABLE: readonly (readonly [
  Of<typeof STATES>,
  mode: string,
  Of<typeof FINGERPRINTS>,
  Of<typeof INPUTS>,
  plan: string,
])[] = [
  ['*', 'overwrite', '*', '*', 'start, replacing'],
  ['nothing', '*', '*', '*', 'start'],
  ['foreign', 'new', '*', '*', 'refuse: out.csv already exists'],
  ['foreign', '*', '*', '*', 'refuse: out.csv exists, but its manifest out.csv.run.json does not'],
  ['altered', 'new', '*', '*', 'refuse: out.csv already exists'],
  [
    'altered',
    'retry',
    '*',
    '*',
    'refuse: out.csv.run.rows was altered: halonet retry needs all files of out.csv',
  ],
  ['altered', '*', '*', '*', 'refuse: out.csv.run.rows was altered: --'],
  ['incomplete', 'new', '*', '*', 'refuse: out.csv already exists'],
  ['incomplete', '*', '*', '*', 'refuse: out.csv is missing: '],
  ['a run', 'new', '*', '*', 'refuse: a run to out.csv was interrupted'],
  ['a run', 'retry', '*', '*', 'refuse: a run to out.csv was interrupted'],
  ['a retry', 'new', '*', '*', 'refuse: a retry of out.csv was interrupted'],
  ['a retry', 'resume', '*', '*', 'refuse: a retry of out.csv was interrupted'],
  ['a retry', 'sync', '*', '*', 'refuse: a retry of out.csv was interrupted'],
  ['*', 'new', '*', '*', 'refuse: already exists'],
  // From here on, an earlier run left something that the mode applies to.
  ['*', '*', 'unknown', '*', 'unsettled: fingerprint'],
  ['*', '*', 'another device', '*', 'refuse: --device was cpu, now cuda'],
  ['a retry', 'retry', '*', '*', 'resume'],
  ['whole', 'retry', '*', '*', 'done'],
  ['failures', 'retry', '*', '*', 'reuse succeeded rows'],
  ['*', '*', 'another limit', '*', 'refuse: --max-pixels was 1, now 2'],
  ['*', '*', 'same', 'unknown', 'unsettled: inputs'],
  ['a run', '*', 'same', 'same', 'resume'],
  ['*', '*', 'same', 'same', 'done'],
  ['a run', 'resume', 'same', 'unread', 'resume'],
  ['*', 'resume', 'same', 'unread', 'done'],
  ['a run', 'resume', 'same', 'respelled', 'reuse unchanged rows, 3 respelled'],
  ['a run', 'resume', 'same', 'respelled, used up', 'refuse: 3 with a new path or new columns'],
  ['*', 'resume', 'same', 'respelled', 'done, 3 respelled'],
  ['*', 'resume', 'same', 'respelled, used up', 'done, 3 respelled'],
  ['*', 'resume', 'same', '*', 'refuse: the inputs of out.csv have changed'],
  ['*', 'sync', 'same', 'unread', 'reuse unchanged rows'],
  [
    '*',
    'sync',
    'same',
    'all gone',
    'refuse: --sync would drop all 5 rows of out.csv: none of its images is among the inputs any more',
  ],
  [
    '*',
    'sync',
    'same',
    'some gone, some unreadable',
    'refuse: --sync would drop 1 of the 5 rows of out.csv: 1 input cannot be read',
  ],
  ['*', 'sync', 'same', 'others', 'reuse unchanged rows, 1 new, 1 changed, 1 gone'],
  ['*', 'sync', 'same', '*', 'reuse unchanged rows, 3 respelled'],
];

function textOf(plan: Plan): string {
  switch (plan.kind) {
    case 'unsettled':
      return `unsettled: ${plan.lacks}`;
    case 'refuse':
      return `refuse: ${plan.error.message}`;
    case 'done':
      return `done${plan.respelled > 0 ? `, ${plan.respelled} respelled` : ''}`;
    case 'start':
      return `start${plan.replaces ? ', replacing' : ''}`;
    case 'resume':
      return 'resume';
    case 'reuse': {
      const { gained = 0, changed = 0, lost = 0, respelled = 0 } = plan.changes ?? {};
      const counts = [
        [gained, 'new'],
        [changed, 'changed'],
        [lost, 'gone'],
        [respelled, 'respelled'],
      ] as const;
      const what = plan.rows;
      const changes = counts.filter(([count]) => count > 0).map(([count, name]) => `, ${count} ${name}`);
      return `reuse ${what} rows${changes.join('')}`;
    }
  }
}

function fits(plan: string, expected: string): boolean {
  const [, reason] = /^refuse: (.*)$/.exec(expected) ?? [];
  return reason === undefined ? plan === expected : plan.startsWith('refuse: ') && plan.includes(reason);
}

const keys = <T extends object>(record: T) => Object.keys(record) as (keyof T & string)[];

describe('planRun', () => {
  const used = new Set<number>();

  for (const state of keys(STATES)) {
    for (const mode of MODES) {
      it(`plans ${mode} for state "${state}" as the table states, for all settings and inputs`, () => {
        for (const fingerprint of keys(FINGERPRINTS)) {
          for (const inputs of keys(INPUTS)) {
            const facts = [state, mode, fingerprint, inputs];
            const at = TABLE.findIndex((line) =>
              facts.every((fact, i) => line[i] === '*' || line[i] === fact),
            );
            const expected = TABLE[at]?.[4] ?? 'no line of the table';
            used.add(at);
            const plan = planRun({
              place: PLACE,
              outputs: ['out.csv'],
              state: STATES[state],
              mode,
              fingerprint: FINGERPRINTS[fingerprint],
              inputs: INPUTS[inputs],
            });
            assert.ok(
              fits(textOf(plan), expected),
              `${facts.join(', ')}: ${textOf(plan)}; expected ${expected}`,
            );
          }
        }
      });
    }
  }

  it('covers every line of the table', () => {
    assert.deepEqual(
      TABLE.filter((_, i) => !used.has(i)),
      [],
    );
  });

  it('suggests --sync only for an output that can be updated', () => {
    const hintFor = (state: RunState) => {
      const plan = planRun({ place: PLACE, outputs: ['out.csv'], state, mode: 'new' });
      return plan.kind === 'refuse' ? plan.error.hint : undefined;
    };
    assert.equal(
      hintFor(STATES.whole),
      'Pass --sync to update it, --overwrite to replace it, or choose another name.',
    );
    for (const state of [STATES.foreign, STATES.altered])
      assert.equal(hintFor(state), 'Pass --overwrite to replace it, or choose another name.');
  });

  it('says how to restore an altered output', () => {
    const hintFor = (mode: OutputMode) => {
      const plan = planRun({ place: PLACE, outputs: ['out.csv'], state: STATES.altered, mode });
      return plan.kind === 'refuse' ? plan.error.hint : undefined;
    };
    const check = 'To check all files: halonet verify out.csv';
    assert.equal(hintFor('sync'), `Restore the file, or pass --overwrite to start over. ${check}`);
    assert.equal(
      hintFor('retry'),
      `Restore the file, or repeat the command in out.csv.run.json with --overwrite to start over. ${check}`,
    );
  });

  it('reuses rows of a finished output, and resumes the journal of an interrupted run', () => {
    const facts = { place: PLACE, outputs: ['out.csv'], fingerprint: THEN, mode: 'sync' } as const;
    const reuse = planRun({ ...facts, state: STATES.failures, inputs: INPUTS.others });
    assert.ok(reuse.kind === 'reuse' && reuse.from === STATES.failures);
    const resumed = planRun({ ...facts, state: STATES['a run'], inputs: INPUTS.same });
    assert.ok(resumed.kind === 'resume' && resumed.journal === STATES['a run'].journal);
  });
});
