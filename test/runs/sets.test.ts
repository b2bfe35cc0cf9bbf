import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { embedLayout } from '../../src/outputs/index.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { withTensorNames } from '../../src/outputs/tensor-names.js';
import { findRun, findRunToRetry, findSet } from '../../src/runs/find-run.js';
import { readManifest } from '../../src/runs/manifest.js';
import { type PerOutput, perOutput } from '../../src/runs/per-output.js';
import type { OutputMode } from '../../src/runs/plan.js';
import { previewRecovery, recover } from '../../src/runs/recovery.js';
import type { RunPlace } from '../../src/runs/run-place.js';
import { makePartial, readState } from '../../src/runs/run-state.js';
import { judgeFiles } from '../../src/runs/verify.js';
import { failed, float32, inFolder, ok, placeOf } from '../outputs/scratch.js';
import { watchFsCalls } from '../support/fs-calls.js';
import { FEATURES, type MadeUpRun, madeUpRun, Stopped } from '../support/made-up-run.js';
import { OUTPUTS } from '../support/run-scenarios.js';
import { filesIn } from './outputs.js';

const CSV = embedLayout({ format: FORMATS.csv, dtype: 'float32', shape: [FEATURES] });
const NPY = embedLayout({ format: FORMATS.npy, dtype: 'float32', shape: [FEATURES] });

const A = ['a.csv', CSV] as const;
const B = ['arrays/b.npy', NPY] as const;
const C = ['c.csv', CSV] as const;
type Named = readonly [string, OutputLayout];

const PATHS = ['a', 'b', 'bad', 'c', 'd', 'e'];

const refusing =
  (message: RegExp, hint = /./) =>
  (error: unknown) =>
    error instanceof OutputError && message.test(error.message) && hint.test(error.hint ?? '');

const forbidden = () => Object.assign(new Error('EACCES: injected'), { code: 'EACCES' });

/** Makes up runs in a folder. */
function runsIn(folder: string) {
  const outputsOf = (named: readonly Named[]) =>
    named.map(([name, layout]) => ({ output: join(folder, name), layout }));
  const run = async (named: readonly Named[], mode: OutputMode, more: Partial<MadeUpRun> = {}) => {
    await mkdir(join(folder, 'arrays'), { recursive: true });
    return madeUpRun({ outputs: outputsOf(named), mode, paths: PATHS, ...more });
  };
  const interrupted = async (
    named: readonly Named[],
    mode: OutputMode = 'new',
    more: Partial<MadeUpRun> = {},
  ) => assert.rejects(run(named, mode, { rows: 3, ...more }), Stopped);
  const placesOf = async (named: readonly Named[]): Promise<PerOutput<RunPlace>> =>
    perOutput(await Promise.all(named.map(([name, layout]) => placeOf(join(folder, name), layout))));
  return { run, interrupted, placesOf };
}

/** The files of a folder that are not manifests, by name. */
async function dataIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const files = Object.entries(await filesIn(folder));
  return Object.fromEntries(
    files.filter(([name, content]) => content !== 'a folder' && !name.endsWith('.json')),
  );
}

/** What single runs write. */
async function alone(
  folder: string,
  named: readonly Named[],
  paths = PATHS,
): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder);
  for (const one of named) await runsIn(folder).run([one], 'new', { paths });
  return dataIn(folder);
}

describe('a run of several outputs', () => {
  it(
    'writes the files that runs of each output write, and manifests that name all of them',
    inFolder(async (folder) => {
      const set = join(folder, 'set');
      await mkdir(set);
      await runsIn(set).run([A, B, C], 'new');
      assert.deepEqual(await dataIn(set), await alone(join(folder, 'alone'), [A, B, C]));
      const manifests = await Promise.all(
        [A, B, C].map(([name]) => readManifest(join(set, `${name}.run.json`))),
      );
      const command = 'embed';
      assert.deepEqual(
        manifests.map((manifest) => manifest?.set?.map(({ path }) => path)),
        [
          ['a.csv', 'arrays/b.npy', 'c.csv'],
          ['../a.csv', 'b.npy', '../c.csv'],
          ['a.csv', 'arrays/b.npy', 'c.csv'],
        ],
      );
      for (const manifest of manifests) {
        assert.ok(manifest?.set?.every((one) => one.command === command));
        assert.equal(manifest?.started, manifests[0]?.started);
      }
    }),
  );

  it(
    'leaves the journal and the manifest of a single output as they were',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await run([A], 'new');
      assert.equal((await readManifest(join(folder, 'a.csv.run.json')))?.set, undefined);
      await interrupted([C]);
      const journal = await readFile(join(folder, 'c.csv.partial/journal.jsonl'), 'utf8');
      assert.doesNotMatch(journal, /others/);
      assert.ok(!(await readdir(join(folder, 'c.csv.partial'))).includes('member.json'));
    }),
  );

  it(
    'resumes and syncs as a whole, also after all its files were moved together',
    inFolder(async (folder) => {
      const [first, moved] = [join(folder, 'first'), join(folder, 'moved')];
      await mkdir(first);
      await runsIn(first).interrupted([A, B, C]);
      await rename(first, moved);
      const { run } = runsIn(moved);
      assert.equal(await run([A, B, C], 'resume'), PATHS.length - 3);
      assert.deepEqual(await dataIn(moved), await alone(join(folder, 'alone'), [A, B, C]));
      await rename(moved, first);
      const changed = ['new', ...PATHS.toReversed()];
      assert.equal(await runsIn(first).run([A, B, C], 'sync', { paths: changed }), 1);
      assert.deepEqual(await dataIn(first), await alone(join(folder, 'other'), [A, B, C], changed));
      assert.equal(await runsIn(first).run([A, B, C], 'resume', { paths: changed }), 0);
    }),
  );

  it(
    'resumes also if its paths are spelled through other links',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await symlink('arrays', join(folder, 'link'));
      await interrupted([A, ['link/b.npy', NPY]]);
      assert.equal(await run([A, B], 'resume'), PATHS.length - 3);
    }),
  );

  it(
    'reuses the rows of runs that were interrupted again and again',
    inFolder(async (folder) => {
      const set = join(folder, 'set');
      await mkdir(set);
      const { run, interrupted } = runsIn(set);
      await run([A, B], 'new', { paths: PATHS.slice(0, 3) });
      await interrupted([A, B], 'sync', { paths: ['x', ...PATHS], rows: 5 });
      await interrupted([A, B], 'sync', { paths: ['y', 'x', ...PATHS], rows: 2 });
      const last = ['z', 'y', 'x', ...PATHS];
      assert.equal(await run([A, B], 'sync', { paths: last }), 3, 'z, d and e');
      assert.deepEqual(await dataIn(set), await alone(join(folder, 'alone'), [A, B], last));
    }),
  );

  it(
    'keeps other commands away from its outputs, and says whose they are',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await interrupted([A, B]);
      for (const mode of ['new', 'resume', 'sync'] as const) {
        await assert.rejects(
          run([B], mode),
          refusing(
            /arrays\/b\.npy belongs to an interrupted run to .*a\.csv and .*arrays\/b\.npy$/,
            /--resume.*--overwrite/,
          ),
        );
        await assert.rejects(run([A], mode), refusing(/a\.csv belongs to an interrupted run to/));
        for (const others of [
          [A, B, C],
          [B, A],
          [C, B],
        ])
          await assert.rejects(run(others, mode), refusing(/belongs to an interrupted run to/), mode);
      }
      await run([A, B], 'resume');
      await assert.rejects(run([B], 'new'), refusing(/b\.npy already exists/, /^Pass --overwrite/));
      for (const mode of ['resume', 'sync'] as const) {
        for (const others of [[B], [A], [B, A], [A, B, C], [C, A]])
          await assert.rejects(run(others, mode), refusing(/was written by a run to .*a\.csv and .*b\.npy/));
      }
    }),
  );

  it(
    'can be discarded, as a whole or from one of its outputs',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await interrupted([A, B]);
      await run([A, B], 'overwrite', { paths: ['x'] });
      await interrupted([A, B], 'overwrite');
      await run([B], 'overwrite', { paths: ['x'] }); // which removes a part of the run
      await assert.rejects(run([A, B], 'resume'), refusing(/b\.npy was written by a run to it alone$/));
      await run([A, B], 'overwrite');
      await interrupted([A, B], 'overwrite');
      await rm(join(folder, 'arrays/b.npy.partial'), { recursive: true });
      await assert.rejects(
        run([A, B], 'resume'),
        refusing(/the run to .*a\.csv cannot continue: .*b\.npy\.partial is missing$/, /--overwrite/),
      );
      await run([A, B], 'overwrite');
      await interrupted([A, B], 'overwrite');
      await run([A], 'overwrite', { paths: ['x'] }); // which removes the journal
      await assert.rejects(run([B], 'sync'), refusing(/b\.npy belongs to an interrupted run to/));
      assert.equal(await run([A, B], 'overwrite'), PATHS.length);
      const files = await readdir(folder, { recursive: true });
      assert.deepEqual(
        files.filter((name) => /partial|lock/.test(name)),
        [],
      );
    }),
  );

  it(
    'refuses outputs of which some are missing, or of different runs',
    inFolder(async (folder) => {
      const { run } = runsIn(folder);
      await run([A], 'new');
      await assert.rejects(run([A, B], 'new'), refusing(/a\.csv already exists/));
      await assert.rejects(run([A, B], 'resume'), refusing(/a\.csv was written by a run to it alone/));
      await run([A, B], 'overwrite');
      const kept = join(folder, 'kept');
      await mkdir(kept);
      for (const name of ['a.csv', 'a.csv.run.json', 'a.csv.run.rows'])
        await cp(join(folder, name), join(kept, name));
      for (const name of ['b.npy', 'b.index.csv', 'b.npy.run.json', 'b.npy.run.rows'])
        await rm(join(folder, 'arrays', name));
      await assert.rejects(run([A, B], 'new'), refusing(/a\.csv already exists/));
      await assert.rejects(run([A, B], 'sync'), refusing(/b\.npy does not exist, and .*a\.csv does$/));
      await run([A, B], 'overwrite');
      for (const name of await readdir(kept)) await cp(join(kept, name), join(folder, name));
      await assert.rejects(
        run([A, B], 'sync'),
        refusing(/b\.npy was not written by the same run as .*a\.csv$/, /--overwrite/),
      );
    }),
  );

  it(
    'says which output was started with which other setting',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await interrupted([A, B], 'new', { settings: { '1 dtype': 'float32', '2 dtype': 'float32', salt: 0 } });
      const settings = { '1 dtype': 'float32', '2 dtype': 'float16', salt: 0 };
      await assert.rejects(
        run([A, B], 'resume', { settings }),
        refusing(
          /a\.csv and .*b\.npy were started with other settings: --dtype was float32, now float16 \(.*b\.npy\)$/,
        ),
      );
    }),
  );

  it(
    'publishes none of its outputs while a name of one is taken',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await interrupted([A, B]);
      await writeFile(join(folder, 'a.csv'), 'mine');
      await assert.rejects(
        run([A, B], 'resume'),
        refusing(/a\.csv already exists, and did not when the run started/),
      );
      assert.deepEqual(await readdir(join(folder, 'arrays')), ['b.npy.partial']);
      await rm(join(folder, 'a.csv'));
      assert.equal(await run([A, B], 'resume'), 0);
      assert.deepEqual((await readdir(join(folder, 'arrays'))).length, 4);
    }),
  );

  it(
    'publishes none of its outputs if a folder of arrays that it replaces holds another file by then',
    inFolder(async (folder) => {
      const { run } = runsIn(folder);
      const tree = OUTPUTS.find((outputs) => 'tree' in outputs)?.tree;
      assert.ok(tree);
      const set: readonly Named[] = [A, B, ['tree', tree]];
      await run(set, 'new', { paths: ['x'] });
      const before = await dataIn(folder);
      const restore = watchFsCalls(folder, () => {
        const isComplete = existsSync(join(folder, 'a.csv.partial', 'run.json'));
        if (isComplete) writeFileSync(join(folder, 'tree', 'notes.txt'), 'mine');
        return undefined;
      });
      await assert.rejects(run(set, 'overwrite'), refusing(/notes\.txt/)).finally(restore);
      const after = await dataIn(folder);
      for (const [name, content] of Object.entries(before)) assert.equal(after[name], content, name);
      await rm(join(folder, 'tree', 'notes.txt'));
      assert.equal(await run(set, 'resume'), 0);
    }),
  );

  it(
    'publishes none of its outputs if one of them is lost, or replaced alone',
    inFolder(async (folder) => {
      const { run } = runsIn(folder);
      await mkdir(join(folder, 'arrays'));
      const refuse = watchFsCalls(folder, ({ kind, args }) =>
        kind === 'rename' && /\.(csv|npy)$/.test(String(args[1])) ? { error: forbidden() } : undefined,
      );
      await assert.rejects(run([A, B], 'new'), OutputError).finally(refuse);
      await rm(join(folder, 'arrays/b.npy.partial'), { recursive: true });
      const lost = /the run to .*a\.csv cannot continue: .*b\.npy\.partial is missing$/;
      await assert.rejects(run([A, B], 'resume'), refusing(lost));
      await run([B], 'new');
      await assert.rejects(run([A, B], 'resume'), refusing(/b\.npy was written by a run to it alone$/));
      assert.deepEqual((await readdir(folder)).toSorted(), ['a.csv.partial', 'arrays']);
      assert.equal(await run([A, B], 'overwrite'), PATHS.length);
    }),
  );

  it(
    'is recognised through links to the folders of its outputs',
    inFolder(async (folder) => {
      const { run } = runsIn(folder);
      const real = ['real/1/a.csv', 'real/2/b.npy'].map((name) => join(folder, name));
      for (const [i, path] of real.entries()) {
        await mkdir(dirname(path), { recursive: true });
        await symlink(dirname(path), join(folder, `link${i + 1}`));
      }
      const [a, b] = [['link1/a.csv', CSV] as const, ['link2/b.npy', NPY] as const];
      const refuse = watchFsCalls(folder, ({ kind, args }) =>
        kind === 'rename' && String(args[1]).endsWith('a.csv') ? { error: forbidden() } : undefined,
      );
      await assert.rejects(run([a, b], 'new'), OutputError).finally(refuse);
      for (const [name] of [a, b]) {
        const set = await findSet(await findRunToRetry(join(folder, name)), findRunToRetry);
        assert.deepEqual(
          set.map(({ place }) => place.path),
          real,
        );
      }
      const theirs = /belongs to an interrupted run to .*real\/1\/a\.csv and .*real\/2\/b\.npy/;
      await assert.rejects(run([a], 'resume'), refusing(theirs));
      await run([a, b], 'resume');
      await run([b], 'overwrite');
      await assert.rejects(run([a, b], 'sync'), refusing(/b\.npy was written by a run to it alone$/));
    }),
  );

  it(
    'is continued by retry alone if it is a retry',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await run([A, B], 'new');
      await interrupted([A, B], 'retry');
      await assert.rejects(
        run([B], 'sync'),
        refusing(
          /a retry of .*a\.csv and .*b\.npy was interrupted$/,
          /^Continue it: halonet retry .*b\.npy$/,
        ),
      );
    }),
  );

  it(
    'names the output whose file could not be written',
    inFolder(async (folder) => {
      const { run } = runsIn(folder);
      const restore = watchFsCalls(join(folder, 'arrays'), ({ kind }) =>
        kind === 'write'
          ? { error: Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' }) }
          : undefined,
      );
      try {
        await assert.rejects(run([A, B], 'new'), refusing(/^cannot write .*arrays\/b\.npy: /));
      } finally {
        restore();
      }
      const files = await readdir(folder, { recursive: true });
      assert.deepEqual(files, ['arrays']);
    }),
  );

  it(
    'is found and checked from any of its outputs',
    inFolder(async (folder) => {
      const { run, interrupted } = runsIn(folder);
      await run([A, B], 'new');
      const [a, b] = [join(folder, A[0]), join(folder, B[0])];
      for (const output of [a, b]) {
        const found = await findRun(output);
        assert.deepEqual(
          (await findSet(found)).map(({ place }) => place.path),
          [a, b],
        );
        const judged = [];
        for await (const { path, state } of judgeFiles(found))
          judged.push([path.slice(folder.length + 1), state]);
        assert.deepEqual(judged, [
          ['a.csv', 'intact'],
          ['a.csv.run.rows', 'intact'],
          ['arrays/b.index.csv', 'intact'],
          ['arrays/b.npy', 'intact'],
          ['arrays/b.npy.run.rows', 'intact'],
        ]);
      }
      await run([B], 'overwrite');
      const found = await findRun(a);
      await assert.rejects(findSet(found), refusing(/b\.npy was not written by the same run as .*a\.csv$/));
      const states = [];
      for await (const { path, state } of judgeFiles(found))
        states.push([path.slice(folder.length + 1), state]);
      assert.deepEqual(states.slice(2), [['arrays/b.npy.run.json', 'altered']]);
      await interrupted([A, B], 'overwrite');
      for (const name of ['a.csv.run.json', 'arrays/b.npy.run.json']) await rm(join(folder, name));
      for (const output of [a, b])
        await assert.rejects(findRunToRetry(output), refusing(/the run to .* has not finished/, /--resume/));
    }),
  );

  for (const earlier of [false, true]) {
    it(
      `is found to be retried while its outputs are published one after the other${earlier ? ', in place of earlier ones' : ''}`,
      inFolder(async (folder) => {
        const { run } = runsIn(folder);
        await mkdir(join(folder, 'arrays'));
        if (earlier) await run([A, B, C], 'new', { paths: ['x'] });
        const refuse = watchFsCalls(folder, ({ kind, args }) =>
          kind === 'rename' && String(args[1]).endsWith('c.csv') ? { error: forbidden() } : undefined,
        );
        const mode = earlier ? 'overwrite' : 'new';
        await assert.rejects(run([A, B, C], mode), refusing(/^cannot write .*c\.csv: /)).finally(refuse);
        const paths = [A, B, C].map(([name]) => join(folder, name));
        for (const output of paths) {
          const set = await findSet(await findRunToRetry(output), findRunToRetry);
          assert.deepEqual(
            set.map(({ place, manifest }) => [place.path, manifest.rows]),
            paths.map((path) => [path, PATHS.length]),
          );
        }
        const judge = async () => {
          for await (const _ of judgeFiles(await findRun(join(folder, A[0]))));
        };
        if (earlier)
          await assert.rejects(judge(), refusing(/was interrupted while it published/, /--resume/));
        assert.equal(await run([A, B, C], 'resume'), 0);
        await judge();
      }),
    );
  }
});

describe('the recovery of a run of several outputs', () => {
  /** What a crash may leave, made from an interrupted run of A and B. */
  const CRASHES: Readonly<Record<string, (places: PerOutput<RunPlace>) => Promise<void>>> = {
    'nothing but that run': async () => {},
    'a new folder of the other output': async ({ others: [b] }) => b && startedAgain(b),
    'new folders of both': async ({ lead, others: [b] }) => {
      if (b !== undefined) await startedAgain(b);
      await makePartial(lead, true);
      await mkdir(join(lead.partial, 'data'));
    },
    'the folder of the other output moved away': async ({ others: [b] }) => {
      if (b === undefined) return;
      await mkdir(`${b.partial}.next`);
      await rename(b.partial, join(`${b.partial}.next`, 'base'));
    },
    'an empty folder beside it': async ({ others: [b] }) => void (b && (await mkdir(`${b.partial}.next`))),
  };

  async function startedAgain(place: RunPlace): Promise<void> {
    await makePartial(place, true);
    const member = JSON.parse(await readFile(join(place.partial, 'base', 'member.json'), 'utf8'));
    const later = { ...member, started: '2026-01-01T00:00:00.000Z' };
    await writeFile(join(place.partial, 'member.json'), JSON.stringify(later));
    await mkdir(join(place.partial, 'data'));
    await writeFile(join(place.partial, 'rows'), '');
  }

  for (const [what, crash] of Object.entries(CRASHES)) {
    it(
      `resumes after a crash that left ${what}, as a dry run foresees`,
      inFolder(async (folder) => {
        const { run, interrupted, placesOf } = runsIn(folder);
        await interrupted([A, B]);
        const before = await filesIn(folder);
        const places = await placesOf([A, B]);
        await crash(places);
        const foreseen = await previewRecovery(places);
        assert.ok(foreseen.state.kind === 'interrupted' && foreseen.state.journal.checkpoint.rows === 3);
        await recover(places, false);
        assert.deepEqual(await filesIn(folder), before);
        const found = await readState(places);
        assert.deepEqual([found.state, found.place.path], [foreseen.state, foreseen.place.path]);
        assert.equal(await run([A, B], 'resume'), PATHS.length - 3);
      }),
    );
  }

  it(
    'removes the folders of others if the run never started, or was discarded',
    inFolder(async (folder) => {
      const { run, interrupted, placesOf } = runsIn(folder);
      await interrupted([A, B]);
      const places = await placesOf([A, B]);
      await rm(places.lead.partial, { recursive: true });
      assert.equal((await previewRecovery(places)).state.kind, 'nothing');
      await recover(places, false);
      assert.equal((await readState(places)).state.kind, 'nothing');
      assert.deepEqual(await readdir(join(folder, 'arrays')), []);
      await interrupted([A, B]);
      await rm(places.lead.partial, { recursive: true });
      await writeFile(join(folder, 'arrays/b.npy.partial/rows'), ''); // it crashed before its first row
      await run([B], 'new'); // and so does not stand in the way of another command
    }),
  );

  it(
    'publishes what remains of a complete run, and removes what remained after that',
    inFolder(async (folder) => {
      const { run, placesOf } = runsIn(folder);
      await mkdir(join(folder, 'arrays'));
      const places = await placesOf([A, B]);
      const refuse = watchFsCalls(folder, ({ kind, args }) =>
        kind === 'rename' && String(args[1]).endsWith('a.csv') ? { error: forbidden() } : undefined,
      );
      await assert.rejects(run([A, B], 'new'), OutputError).finally(refuse);
      assert.ok((await readdir(join(folder, 'arrays'))).includes('b.npy'));
      await assert.rejects(run([A], 'resume'), refusing(/a\.csv belongs to an interrupted run to/));
      await assert.rejects(run([B], 'resume'), refusing(/b\.npy was written by a run to/));
      assert.equal((await previewRecovery(places)).state.kind, 'finished');
      const [b] = places.others;
      await mkdir(join(b?.partial ?? '', 'data'), { recursive: true }); // a removal that a power loss undid
      const { started } = (await readManifest(b?.manifest ?? '')) ?? {};
      await writeFile(
        join(b?.partial ?? '', 'member.json'),
        JSON.stringify({ lead: '../a.csv', leadFolder: '../a.csv.partial', started }),
      );
      await recover(places, false);
      assert.equal((await readState(places)).state.kind, 'finished');
      const files = await readdir(folder, { recursive: true });
      assert.deepEqual(
        files.filter((name) => /partial|lock/.test(name)),
        [],
      );
    }),
  );

  it(
    'refuses a folder of a member that holds rows, and that no other run can tell about',
    inFolder(async (folder) => {
      const { run, interrupted, placesOf } = runsIn(folder);
      await interrupted([A, B]);
      const { lead } = await placesOf([A, B]);
      await rm(lead.partial, { recursive: true });
      await assert.rejects(
        run([B], 'new'),
        refusing(/b\.npy belongs to an interrupted run to/, /--overwrite/),
      );
      await run([B], 'overwrite');
    }),
  );
});

describe('withTensorNames', () => {
  const row = ok('a', { stage3: float32([1]), 'stage3:2': float32([2]) });

  it('gives tensors the names that an output expects', () => {
    const named = withTensorNames(row, new Map([['stage3', 'stage3:2']]));
    assert.ok(named.status === 'ok');
    assert.deepEqual(named.outputs, { stage3: float32([2]) });
  });

  it('leaves rows alone that have no tensors, or the right names', () => {
    const names = new Map([['stage3', 'stage3:2']]);
    assert.equal(withTensorNames(row, undefined), row);
    const bad = failed('b');
    assert.equal(withTensorNames(bad, names), bad);
  });
});
