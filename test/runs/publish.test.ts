import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { featuresLayout } from '../../src/outputs/features-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { Journal } from '../../src/runs/journal.js';
import { readManifest } from '../../src/runs/manifest.js';
import { publish } from '../../src/runs/publish.js';
import { finalPath, type RunPlace } from '../../src/runs/run-place.js';
import {
  FACTS,
  failed,
  float32,
  headerOf,
  inFolder,
  ok,
  placeOf,
  recoverAt,
  startRun,
  stateAt,
  writeAll,
} from '../outputs/scratch.js';
import { watchFsCalls } from '../support/fs-calls.js';
import { recordSteps } from '../support/recorded-steps.js';
import {
  FOLDER,
  filesIn,
  MATRIX,
  OUTPUT_CASES,
  type OutputCase,
  referenceOf,
  SCORES,
  TEXT,
} from './outputs.js';

/** Writes an earlier output, with other rows, and for a folder with a stage that the new one lacks. */
async function writeEarlier(folder: string, { name, layout, rows }: OutputCase): Promise<void> {
  const output = join(folder, name);
  if (!layout.arrangement.folder) return writeAll(await startRun(output, layout), rows.slice(2));
  const stages = [1, 2, 3].map((i) => ({ name: `stage${i}`, shape: [1] }));
  const outputs = Object.fromEntries(stages.map((stage) => [stage.name, float32([7])]));
  const old = featuresLayout({ format: FORMATS.npy, dtype: 'float32', stages });
  await writeAll(await startRun(output, old), [ok('old.jpg', outputs)]);
}

/** Creates a complete run that is not yet published, in a new folder, by undoing the renames of a finished one. */
async function completeRun(
  folder: string,
  { name, layout, rows }: OutputCase,
  replaces: boolean,
): Promise<{ readonly place: RunPlace; readonly names: readonly string[] }> {
  await mkdir(folder);
  const output = join(folder, name);
  await writeAll(await startRun(output, layout), rows);
  const place = await placeOf(output, layout);
  const names = ((await readManifest(place.manifest))?.outputs ?? []).map((file) => file.name);
  const data = join(place.partial, 'data');
  await mkdir(data, { recursive: true });
  for (const file of names) await rename(finalPath(place, file), join(data, file));
  if (layout.arrangement.folder) await rmdir(place.path);
  await rename(place.ledger, join(place.partial, 'rows'));
  await rename(place.manifest, join(place.partial, 'run.json'));
  const start = { rows: 0, bytes: {}, inputs: '', seconds: 0 };
  const path = join(place.partial, 'journal.jsonl');
  const journal = await Journal.create(path, headerOf({ replaces }), start);
  await journal.append({ complete: true });
  await journal.close();
  await mkdir(join(place.partial, 'base')); // it has reused rows of another run
  await writeFile(
    join(place.partial, 'base', 'journal.jsonl'),
    await readFile(join(place.partial, 'journal.jsonl')),
  );
  return { place, names };
}

/** Returns the steps of publishing. */
function steps(place: RunPlace, names: readonly string[], replaces: boolean): (() => Promise<void>)[] {
  const { partial } = place;
  const remove = (path: string) => () => rm(path, { recursive: true, force: true });
  const move = (from: string, to: string) => () => rename(join(partial, from), to);
  const moved = names.map((name) => move(join('data', name), finalPath(place, name)));
  const old = [
    remove(place.manifest),
    remove(finalPath(place, names.at(-1) ?? '')),
    remove(join(place.path, 'stage2.npy')),
  ];
  return [
    ...(replaces ? old.slice(0, place.arrangement.streams ? 1 : place.arrangement.folder ? 3 : 2) : []),
    ...(place.arrangement.folder && !replaces ? [move('data', place.path)] : moved),
    move('rows', place.ledger),
    move('run.json', place.manifest),
    ...['base', 'journal.jsonl', 'data'].map((name) => remove(join(partial, name))),
  ];
}

describe('publishing', () => {
  for (const example of OUTPUT_CASES) {
    for (const replaces of [false, true]) {
      it(
        `completes ${example.name}${replaces ? ', which replaces an earlier one,' : ''} after a crash at any step`,
        inFolder(async (folder) => {
          const old = join(folder, 'old');
          await mkdir(old);
          if (replaces) await writeEarlier(old, example);
          const reference = await referenceOf(example);
          let count = 1;
          for (let done = 0; done < count; done++) {
            const own = join(folder, `after ${done}`);
            const { place, names } = await completeRun(own, example, replaces);
            await cp(old, own, { recursive: true });
            const all = steps(place, names, replaces);
            for (const step of all.slice(0, done)) await step();
            await recoverAt(place, false);
            assert.deepEqual(await filesIn(own), reference, `after ${done} steps`);
            assert.equal((await stateAt(place)).kind, 'finished');
            count = all.length + 1;
          }
          assert.ok(count > 6);
        }),
      );
    }
  }

  it(
    'removes the old manifest and array before the new index appears',
    inFolder(async (folder) => {
      const output = join(folder, MATRIX.name);
      await writeEarlier(folder, MATRIX);
      const sink = await startRun(output, MATRIX.layout, { overwrite: true });
      await sink.write(failed('a.jpg'));
      await rm(join(folder, 'embeddings.index.csv'));
      await mkdir(join(folder, 'embeddings.index.csv')); // the index cannot be renamed over a folder
      await assert.rejects(sink.commit(FACTS), /cannot write .*embeddings\.npy/);
      assert.equal(await sink.leave(), 1);
      const left = ['embeddings.index.csv', 'embeddings.npy.partial', 'embeddings.npy.run.rows'];
      assert.deepEqual(await readdir(folder), left);
    }),
  );

  for (const example of [TEXT, MATRIX]) {
    it(
      `leaves no files of the scores that ${example.layout.arrangement.layout} replaces, after a crash at any call`,
      inFolder(async (folder) => {
        const into = { ...example, name: SCORES.name };
        const reference = await referenceOf(into);
        for (let calls = 0, finished = false; !finished; calls++) {
          const own = join(folder, `after ${calls}`);
          const { place, names } = await completeRun(own, into, true);
          const old = join(folder, `old ${calls}`);
          await mkdir(old);
          await writeEarlier(old, SCORES);
          const theirs = await filesIn(old);
          await cp(old, own, { recursive: true });
          let left = calls;
          const restore = watchFsCalls(own, ({ kind }) => {
            if (['rename', 'remove', 'write', 'sync'].includes(kind) && left-- === 0)
              return { error: new Error('the power goes') };
            return undefined;
          });
          finished = await publish(place, names, true).then(
            () => true,
            () => false,
          );
          restore();
          const between = await filesIn(own);
          const isOf = (run: typeof reference) =>
            Object.keys({ ...theirs, ...reference })
              .filter((name) => /\.(npy|csv)$/.test(name))
              .every((name) => between[name] === run[name]);
          if (SCORES.name in between) assert.ok(isOf(theirs) || isOf(reference), `after ${calls} calls`);
          if (!finished) await recoverAt(place, false);
          assert.deepEqual(await filesIn(own), reference, `after ${calls} calls`);
        }
      }),
    );
  }

  it(
    'keeps class names that the user edited, or put beside an output without any',
    inFolder(async (folder) => {
      const output = join(folder, SCORES.name);
      const classes = join(folder, 'scores.classes.csv');
      await writeEarlier(folder, SCORES);
      const mine = 'index,label\n0,X\n1,"y, z"\n'; // of the same length
      assert.equal((await stat(classes)).size, mine.length);
      await writeFile(classes, mine);
      const again = { overwrite: true };
      await writeAll(await startRun(output, MATRIX.layout, again), MATRIX.rows);
      await writeAll(await startRun(output, MATRIX.layout, again), MATRIX.rows);
      assert.equal(await readFile(classes, 'utf8'), mine);
    }),
  );

  it(
    'renames its folder before removing it, so a half-removed one is not taken for a run in progress',
    inFolder(async (folder) => {
      const { place, names } = await completeRun(join(folder, 'own'), TEXT, false);
      const restore = watchFsCalls(place.partial, ({ kind }) => {
        assert.notEqual(kind, 'remove', 'before it has another name');
        return undefined;
      });
      await publish(place, names, false).finally(restore);
      assert.equal(existsSync(place.partial), false);
      await mkdir(join(`${place.partial}.gone`, 'base'), { recursive: true }); // as a crash may leave it
      await recoverAt(place, false);
      assert.equal(existsSync(`${place.partial}.gone`), false);
    }),
  );

  for (const example of [TEXT, MATRIX, SCORES, FOLDER]) {
    it(
      `keeps a file that took a name of ${example.name}, and succeeds once that is gone`,
      inFolder(async (folder) => {
        const own = join(folder, 'own');
        const { place, names } = await completeRun(own, example, false);
        const [first = ''] = names;
        await mkdir(dirname(finalPath(place, first)), { recursive: true });
        await writeFile(finalPath(place, first), 'mine');
        const refused = (error: unknown) =>
          error instanceof OutputError &&
          error.message.includes(`${finalPath(place, first)} already exists`) &&
          /--resume/.test(error.hint ?? '');
        await assert.rejects(publish(place, names, false), refused);
        await assert.rejects(recoverAt(place, false), refused);
        assert.equal(await readFile(finalPath(place, first), 'utf8'), 'mine');
        await recoverAt(place, true); // a run that is discarded anyway is not published
        assert.equal((await stateAt(place)).kind, 'interrupted');
        await rm(finalPath(place, first));
        await recoverAt(place, false);
        assert.deepEqual(await filesIn(own), await referenceOf(example));
      }),
    );
  }

  it(
    'keeps a file that the user put into the output folder',
    inFolder(async (folder) => {
      const own = join(folder, 'own');
      const { place, names } = await completeRun(own, FOLDER, true);
      await mkdir(join(folder, 'old'));
      await writeEarlier(join(folder, 'old'), FOLDER);
      await cp(join(folder, 'old'), own, { recursive: true });
      await writeFile(join(place.path, 'notes.txt'), 'mine');
      await publish(place, names, true);
      assert.deepEqual(await readdir(place.path), ['index.csv', 'notes.txt', 'stage1.npy', 'stage3.npy']);
    }),
  );

  it(
    'fills an existing empty folder without replacing the folder',
    inFolder(async (folder) => {
      const own = join(folder, 'own');
      const { place, names } = await completeRun(own, FOLDER, false);
      await mkdir(place.path);
      const { ino } = await stat(place.path);
      await publish(place, names, false);
      assert.equal((await stat(place.path)).ino, ino);
      assert.deepEqual(await filesIn(own), await referenceOf(FOLDER));
    }),
  );

  it('puts ledger and manifest on the other disk, beside an output folder that is a mount point', async function () {
    const device = await stat('/dev/shm').catch(() => undefined);
    await inFolder(async (folder) => {
      if (device === undefined || device.dev === (await stat(folder)).dev) return this.skip();
      const disk = join('/dev/shm', `halonet-${process.pid}`);
      try {
        const { place, names } = await completeRun(disk, FOLDER, false);
        await mkdir(place.path);
        const partial = join(place.path, '.partial');
        await rename(place.partial, partial);
        const beside = {
          ...place,
          partial,
          ledger: join(folder, 'p.run.rows'),
          manifest: join(folder, 'p.run.json'),
        };
        const steps = recordSteps(folder);
        await publish(beside, names, false).finally(steps.stop);
        assert.deepEqual(steps.take(), [
          ...['write p.run.rows.tmp', 'sync p.run.rows.tmp', 'rename p.run.rows.tmp to p.run.rows', 'sync .'],
          ...['write p.run.json.tmp', 'sync p.run.json.tmp', 'rename p.run.json.tmp to p.run.json', 'sync .'],
        ]);
        assert.deepEqual(await readdir(folder), ['p.run.json', 'p.run.rows']);
        assert.deepEqual((await readdir(place.path)).sort(), ['index.csv', 'stage1.npy', 'stage3.npy']);
        assert.equal((await stateAt(beside)).kind, 'finished');
      } finally {
        await rm(disk, { recursive: true });
      }
    })();
  });
});
