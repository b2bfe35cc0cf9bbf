import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import type { Row } from '../../src/rows.js';
import { pathsBeside, type RunPlace } from '../../src/runs/run-place.js';
import { makePartial } from '../../src/runs/run-state.js';
import {
  FACTS,
  inFolder,
  placeOf,
  recoverAt,
  resumeRun,
  startRun,
  stateAt,
  writeAll,
} from '../outputs/scratch.js';
import { FOLDER, filesIn, MATRIX, type OutputCase, referenceOf, SCORES, TEXT } from './outputs.js';

/** Leaves an interrupted run of two rows. */
async function interrupted(folder: string, { name, layout, rows }: OutputCase): Promise<RunPlace> {
  const output = join(folder, name);
  const sink = await startRun(output, layout);
  for (const row of rows.slice(0, 2)) await sink.write(row as Row);
  await sink.leave();
  return placeOf(output, layout);
}

const kindOf = async (place: RunPlace) => (await stateAt(place)).kind;

/** Creates the folder of a run that crashed before it wrote its journal. */
async function unborn(folder: string): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'rows'), ''); // no row reaches the disk before the journal does
  await writeFile(join(folder, 'data', 'classes.csv'), 'path,');
}

describe('readState', () => {
  for (const example of [TEXT, MATRIX, SCORES, FOLDER]) {
    it(
      `reports what earlier runs left of ${example.name}`,
      inFolder(async (folder) => {
        const { name, layout, rows } = example;
        const output = join(folder, name);
        const place = await placeOf(output, layout);
        assert.deepEqual(await stateAt(place), { kind: 'nothing' });
        const sink = await startRun(output, layout);
        const begun = await stateAt(place);
        assert.ok(begun.kind === 'interrupted' && begun.journal.checkpoint.rows === 0);
        for (const row of rows.slice(0, 2)) await sink.write(row);
        await sink.leave();
        const left = await stateAt(place);
        assert.ok(left.kind === 'interrupted' && left.journal.checkpoint.rows === 2);
        await writeAll(await resumeRun(output, layout), rows.slice(2));
        const finished = await stateAt(place);
        assert.ok(finished.kind === 'finished' && finished.manifest.rows === rows.length);
        await rm(place.manifest);
        assert.equal(await kindOf(place), 'unknown');
      }),
    );

    it(
      `does not trust the manifest of ${example.name} if one of its files is truncated`,
      inFolder(async (folder) => {
        const { name, layout, rows } = example;
        const first = join(folder, 'first');
        await mkdir(first);
        await writeAll(await startRun(join(first, name), layout), rows);
        const files = Object.entries(await filesIn(first)).flatMap(([file, content]) =>
          content.startsWith('a ') ? [] : [file],
        );
        assert.ok(files.length > 1);
        for (const [i, file] of files.entries()) {
          const own = join(folder, String(i));
          await cp(first, own, { recursive: true });
          const place = await placeOf(join(own, name), layout);
          assert.equal(await kindOf(place), 'finished');
          await truncate(join(own, file), 10);
          const path = join(own, file);
          const altered = { kind: 'altered', found: place.path, file: path, missing: false };
          assert.deepEqual(await stateAt(place), altered);
          await rm(path);
          const found = file === name ? pathsBeside(place)[0] : place.path; // the first file that is still there
          assert.deepEqual(
            await stateAt(place),
            found === undefined ? { kind: 'nothing' } : { kind: 'altered', found, file: path, missing: true },
          );
        }
      }),
    );
  }

  it(
    'considers an output gone only if none of its files exists',
    inFolder(async (folder) => {
      const { name, layout, rows } = MATRIX;
      const output = join(folder, name);
      await writeAll(await startRun(output, layout), rows);
      const place = await placeOf(output, layout);
      await rm(output);
      assert.equal(await kindOf(place), 'altered'); // its index is still there
      await rm(join(folder, 'embeddings.index.csv'));
      assert.equal(await kindOf(place), 'nothing');
      const scores = await placeOf(join(folder, SCORES.name), SCORES.layout);
      await writeFile(join(folder, 'scores.classes.csv'), 'mine');
      const found = { kind: 'unknown', found: join(folder, 'scores.classes.csv') };
      assert.deepEqual(await stateAt(scores), found);
    }),
  );

  it(
    'reports a run in progress even if a finished output exists',
    inFolder(async (folder) => {
      const { name, layout, rows } = TEXT;
      const output = join(folder, name);
      await writeAll(await startRun(output, layout), rows);
      const sink = await startRun(output, layout, { overwrite: true });
      await sink.write(rows[0] as Row);
      await sink.leave();
      assert.equal(await kindOf(await placeOf(output, layout)), 'interrupted');
    }),
  );

  it(
    'refuses a file that is not a manifest',
    inFolder(async (folder) => {
      const place = await placeOf(join(folder, TEXT.name), TEXT.layout);
      for (const text of ['', 'null', '[]', '{"halonet": 2, "outputs": []}', '{"halonet": 1}']) {
        await writeFile(place.manifest, text);
        await assert.rejects(stateAt(place), /run\.json is not a manifest of halonet/, text);
      }
    }),
  );
});

describe('recover', () => {
  it(
    'leaves an intact run in progress unchanged',
    inFolder(async (folder) => {
      for (const example of [TEXT, MATRIX, FOLDER]) {
        const place = await interrupted(folder, example);
        const before = await filesIn(folder);
        for (const givesUp of [false, true]) await recoverAt(place, givesUp);
        assert.deepEqual(await filesIn(folder), before);
      }
    }),
  );

  it(
    'removes a run without a journal',
    inFolder(async (folder) => {
      const place = await placeOf(join(folder, TEXT.name), TEXT.layout);
      await unborn(place.partial);
      await recoverAt(place, false);
      assert.deepEqual(await readdir(folder), []);
      await mkdir(place.partial);
      await recoverAt(place, false);
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'refuses a run with a damaged journal, unless the caller discards the run',
    inFolder(async (folder) => {
      const place = await interrupted(folder, TEXT);
      const journal = join(place.partial, 'journal.jsonl');
      const bytes = await readFile(journal);
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      await writeFile(journal, bytes);
      await assert.rejects(recoverAt(place, false), /journal\.jsonl is damaged/);
      assert.ok((await readdir(folder)).includes(basename(place.partial)));
      await recoverAt(place, true);
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'publishes a complete run, even for a command with another layout',
    inFolder(async (folder) => {
      const output = join(folder, FOLDER.name);
      const sink = await startRun(output, FOLDER.layout);
      for (const row of FOLDER.rows) await sink.write(row);
      await mkdir(output);
      await writeFile(join(output, 'stage0.npy'), 'in the way');
      await assert.rejects(sink.commit(FACTS), /already exists/);
      await sink.leave();
      await rm(output, { recursive: true });
      const asText = { ...(await placeOf(output, TEXT.layout)) };
      await recoverAt(asText, false);
      assert.deepEqual((await readdir(output)).at(0), 'index.csv');
      assert.equal((await stateAt(asText)).kind, 'finished');
    }),
  );

  it(
    'restores a run if the one that was going to reuse its rows crashed before writing its journal',
    inFolder(async (folder) => {
      const before = join(folder, 'before');
      await mkdir(before);
      await interrupted(before, TEXT);
      const expected = await filesIn(before);
      const base = (place: RunPlace) => join(`${place.partial}.next`, 'base');
      const crashes: Readonly<Record<string, (place: RunPlace) => Promise<void>>> = {
        'with an empty folder': async ({ partial }) => void (await mkdir(`${partial}.next`)),
        'with the run moved away': async (place) => {
          await mkdir(`${place.partial}.next`);
          await rename(place.partial, base(place));
        },
        'with the new folder in place': (place) => makePartial(place, true),
        'with files but no journal': async (place) => {
          await makePartial(place, true);
          await unborn(place.partial);
          await writeFile(join(place.partial, 'journal.jsonl'), '{"record":{"head');
        },
        'while that was undone': async (place) => {
          await makePartial(place, true);
          await unborn(place.partial);
          await rename(place.partial, `${place.partial}.next`);
        },
        'when that was nearly undone': async (place) => {
          await unborn(`${place.partial}.next`);
        },
      };
      for (const [how, crash] of Object.entries(crashes)) {
        const own = join(folder, how);
        await cp(before, own, { recursive: true });
        const place = await placeOf(join(own, TEXT.name), TEXT.layout);
        await crash(place);
        await recoverAt(place, false);
        assert.deepEqual(await filesIn(own), expected, how);
        await writeAll(await resumeRun(join(own, TEXT.name), TEXT.layout), TEXT.rows.slice(2));
        assert.deepEqual(await filesIn(own), await referenceOf(TEXT), how);
      }
    }),
  );

  it(
    'refuses to remove files that do not belong to a run',
    inFolder(async (folder) => {
      const place = await placeOf(join(folder, TEXT.name), TEXT.layout);
      for (const name of [place.partial, `${place.partial}.next`]) {
        await mkdir(name);
        await writeFile(join(name, 'thesis.txt'), 'mine');
        const refused = (error: unknown) =>
          error instanceof OutputError && /contains thesis\.txt/.test(error.message);
        for (const givesUp of [false, true]) await assert.rejects(recoverAt(place, givesUp), refused);
        assert.ok((await stat(join(name, 'thesis.txt'))).isFile());
        await rm(name, { recursive: true });
      }
    }),
  );
});
