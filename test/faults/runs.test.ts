import assert from 'node:assert/strict';
import { mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HalonetError } from '../../src/errors.js';
import { classifyLayout, embedLayout, featuresLayout } from '../../src/outputs/index.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { inFolder } from '../outputs/scratch.js';
import { watchFsCalls } from '../support/fs-calls.js';
import { Injector } from '../support/injector.js';
import { type OutputFiles, readOutputFiles, wrongAtTheEnd, wrongFinals } from '../support/output-files.js';
import { failEveryCall, type Outcome } from './every-call.js';
import { FEATURES, type MadeUpRun, madeUpRun, Stopped } from './made-up-run.js';

const embedding = { features: FEATURES, dtype: 'float32' } as const;
const OUTPUTS: Readonly<Record<string, OutputLayout>> = {
  'rows.csv': embedLayout({ format: 'csv', ...embedding }),
  'scores.npy': classifyLayout({ format: 'npy', scores: 'logits', labels: ['a', 'b', 'c, d'] }),
  pyramid: featuresLayout({
    ...{ format: 'npy', dtype: 'float32', pooled: false },
    stages: [1, 2].map((i) => ({ name: `stage${i}`, shape: [2, i, i] })),
  }),
};

const PATHS = ['a', 'b', 'bad', 'c', '=d, "d"', 'e', 'bad 2', 'f', 'g'];
const CHANGED = ['0', 'b', 'bad', 'c', 'new', 'e', 'bad 2', 'f'];

type Run = Omit<MadeUpRun, 'output' | 'layout'>;
type Runs = (run: Run) => Promise<void>;

/** What is tried, and what is done about a failure. */
interface Scenario {
  readonly name: string;
  readonly before?: (run: Runs, folder: string) => Promise<void>; // what has happened to the run
  readonly attempt: Run;
  readonly again: Run['mode']; // of the same run, after a fault
  readonly old?: Run; // what stands under the output's name before
}

const whole: Run = { mode: 'new', paths: PATHS };

async function stopped(run: Runs): Promise<void> {
  await assert.rejects(run({ ...whole, rows: 5 }), Stopped);
}

/** All is there, and no file could get its final name. */
async function unnamed(run: Runs, folder: string): Promise<void> {
  const { judge } = new Injector({ kind: 'rename', index: 0, code: 'EACCES', lasting: true });
  const restore = watchFsCalls(folder, judge);
  await assert.rejects(run(whole), HalonetError).finally(restore);
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'a new run', attempt: whole, again: 'resume' },
  { name: 'a run that goes on', before: stopped, attempt: { ...whole, mode: 'resume' }, again: 'resume' },
  {
    ...{ name: 'a run that lacks its names', before: unnamed, again: 'resume' },
    attempt: { ...whole, mode: 'resume' },
  },
  {
    ...{ name: 'a run that takes over rows of an interrupted one', before: stopped, again: 'sync' },
    attempt: { mode: 'sync', paths: CHANGED },
  },
  {
    ...{ name: 'a run that takes over rows of a finished one', old: whole, again: 'sync' },
    attempt: { mode: 'sync', paths: CHANGED },
  },
  {
    ...{ name: 'a run that replaces another', old: { ...whole, salt: 1 }, again: 'overwrite' },
    attempt: { mode: 'overwrite', paths: CHANGED },
  },
];

describe('runs when calls of the file system fail', () => {
  for (const [name, layout] of Object.entries(OUTPUTS)) {
    for (const { before, attempt, again, old, ...scenario } of SCENARIOS) {
      it(
        `${scenario.name} to ${name} leaves no wrong row`,
        inFolder(async (scratch) => {
          const runIn = (folder: string) => (run: Run) =>
            madeUpRun({ ...run, layout, output: join(folder, name) });
          const filesOf = async (run: Run, place: string) => {
            await mkdir(join(scratch, place));
            await runIn(join(scratch, place))({ ...run, mode: 'new' });
            return readOutputFiles(join(scratch, place), name);
          };
          const expected = await filesOf(attempt, 'expected');
          const earlier = old && (await filesOf(old, 'old'));
          const { faults, unreached } = await failEveryCall({
            prepare: async (folder) => {
              if (old !== undefined) await runIn(folder)(old);
              await before?.(runIn(folder), folder);
            },
            attempt: (folder) => runIn(folder)({ ...attempt, pauses: true }),
            check: async (outcome) => {
              checkError(outcome);
              assert.deepEqual(await openFiles(outcome.folder), []);
              const files = await readOutputFiles(outcome.folder, name);
              assert.deepEqual(wrong(files, expected, earlier), []);
              if (outcome.error === undefined) assert.deepEqual(missingFrom(files, expected), []);
              // A lock that could not be removed would be that of a dead process, and this one lives.
              await rm(join(outcome.folder, `${name}.lock`), { force: true });
              await runIn(outcome.folder)({ ...attempt, mode: again });
              assert.deepEqual(wrongAtTheEnd(await readOutputFiles(outcome.folder, name), expected), []);
            },
          });
          assert.ok(faults > 50, `only ${faults} faults`);
          assert.ok(unreached < faults / 10, `${unreached} calls of ${faults + unreached} were not made`);
        }),
      ).timeout(600_000);
    }
  }
});

/** Files under a folder that this process has open, where the system tells. */
async function openFiles(folder: string): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const paths = await Promise.all(
    descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return paths.filter((path) => path.startsWith(folder));
}

/**
 * What is under final names is of the run, or of the earlier one. Of both it may be only while no manifest vouches for it.
 */
function wrong(
  files: OutputFiles,
  expected: OutputFiles,
  earlier: OutputFiles | undefined,
): readonly string[] {
  const found = wrongFinals(files, expected);
  if (found.length === 0 || earlier === undefined || wrongFinals(files, earlier).length === 0)
    return earlier === undefined ? found : [];
  const names = [...files.finals.keys()];
  const vouched = names.filter((name) => name.endsWith('.run.json'));
  const strange = names.filter((name) =>
    [expected, earlier].every(
      ({ finals }) => !finals.get(name)?.equals(files.finals.get(name) ?? Buffer.of()),
    ),
  );
  return [...vouched, ...strange];
}

function missingFrom(files: OutputFiles, expected: OutputFiles): readonly string[] {
  return [...expected.finals.keys()].filter((name) => !files.finals.has(name));
}

function checkError({ fault, error }: Outcome): void {
  if (error === undefined) return;
  assert.ok(error instanceof HalonetError, `not an error for people: ${error}`);
  assert.ok(error.hint !== undefined, `an error without a hint: ${error.message}`);
  assert.notEqual(fault?.code, 'short', 'a short write was not gone on with');
}
