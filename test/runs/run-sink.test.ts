import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import type { Row } from '../../src/rows.js';
import { readJournal } from '../../src/runs/journal.js';
import { readManifest } from '../../src/runs/manifest.js';
import { RunSink } from '../../src/runs/run-sink.js';
import {
  alone,
  FACTS,
  failed,
  float32,
  headerOf,
  inFolder,
  ok,
  placeOf,
  resumeRun,
  startRun,
  writeAll,
} from '../outputs/scratch.js';
import { watchFsCalls } from '../support/fs-calls.js';
import { readFloats } from '../support/read-npy.js';
import { until } from '../support/until.js';
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

const LATER = 1000; // seconds until a checkpoint

/** Copies the run in progress to another folder, as a crash at this moment would leave it. */
async function crashed(output: string, { name }: OutputCase, into: string): Promise<string> {
  await mkdir(into);
  await cp(`${output}.partial`, join(into, `${name}.partial`), { recursive: true });
  return join(into, name);
}

/** Appends to every file of a run in progress what a crash may leave there after the last checkpoint. */
async function addWhatIsNotVouchedFor(output: string): Promise<void> {
  const partial = `${output}.partial`;
  const data = (await readdir(join(partial, 'data'))).map((name) => join('data', name));
  for (const name of [...data, 'rows']) await appendFile(join(partial, name), 'half a row');
  await appendFile(join(partial, 'journal.jsonl'), '{"record":{"checkpoint":{"rows":99');
  await writeFile(join(partial, 'run.json'), '{"half": ');
}

describe('RunSink', () => {
  for (const example of OUTPUT_CASES) {
    const { name, layout, rows } = example;

    it(
      `writes the same files of ${name} when resumed from every checkpoint`,
      inFolder(async (folder) => {
        const reference = await referenceOf(example);
        const own = join(folder, 'own');
        await mkdir(own);
        const output = join(own, name);
        let sink = await startRun(output, layout, { checkpointSeconds: LATER });
        for (const [count, row] of rows.entries()) {
          await sink.write(row);
          assert.equal(await sink.leave(), count + 1);
          assert.deepEqual(await readdir(own), [`${name}.partial`]);
          const crash = join(folder, `after ${count + 1}`);
          const copy = await crashed(output, example, crash);
          await addWhatIsNotVouchedFor(copy);
          const resumed = await resumeRun(copy, layout, { checkpointSeconds: 0 });
          assert.equal(resumed.counts.rows, count + 1);
          await writeAll(resumed, rows.slice(count + 1));
          assert.deepEqual(await filesIn(crash), reference, `after ${count + 1} rows`);
          sink = await resumeRun(output, layout, { checkpointSeconds: LATER });
        }
        await writeAll(sink, []);
        assert.deepEqual(await filesIn(own), reference);
      }),
    );
  }

  it(
    'resumes from no rows if no checkpoint recorded any',
    inFolder(async (folder) => {
      const reference = await referenceOf(MATRIX);
      const output = join(folder, MATRIX.name);
      const sink = await startRun(output, MATRIX.layout, { checkpointSeconds: LATER });
      for (const row of MATRIX.rows) await sink.write(row);
      const own = join(folder, 'own');
      const copy = await crashed(output, MATRIX, own);
      await sink.leave();
      const resumed = await resumeRun(copy, MATRIX.layout);
      assert.deepEqual(resumed.counts, { rows: 0, failures: {} });
      await writeAll(resumed, MATRIX.rows);
      assert.deepEqual(await filesIn(own), reference);
    }),
  );

  it(
    'records checkpoints when they are due, after writing their rows',
    inFolder(async (folder) => {
      const output = join(folder, TEXT.name);
      const sink = await startRun(output, TEXT.layout, { checkpointSeconds: 0.02 });
      const seen = new Set<number>();
      await until('four checkpoints', async () => {
        await sink.write(TEXT.rows[0] as Row);
        const { rows = 0, bytes = {} } =
          (await readJournal(`${output}.partial/journal.jsonl`))?.checkpoint ?? {};
        seen.add(rows);
        assert.ok(rows <= sink.counts.rows);
        const { size } = await stat(join(`${output}.partial`, 'data', TEXT.name));
        assert.ok(size >= (bytes[TEXT.name] ?? 0), 'rows are in the file before the journal says so');
        return seen.size >= 4;
      });
      await sink.leave();
    }),
  );

  it(
    'writes many rows across many buffers and checkpoints',
    inFolder(async (folder) => {
      const output = join(folder, 'a.npy');
      const rows = 300;
      const layout = embedLayout({ format: FORMATS.npy, dtype: 'float32', shape: [3000] });
      const sink = await startRun(output, layout, { checkpointSeconds: 0.01 });
      for (let i = 0; i < rows; i++)
        await sink.write(ok(`${i}.jpg`, { embedding: float32(new Array<number>(3000).fill(i)) }));
      await sink.write(failed('bad.jpg'));
      await sink.commit(FACTS);
      const { shape, dtype, data } = await readFloats(output);
      assert.deepEqual([shape, dtype], [[rows + 1, 3000], 'f4']);
      for (let i = 0; i < rows; i++) assert.ok(data.subarray(3000 * i, 3000 * (i + 1)).every((v) => v === i));
      assert.ok(data.subarray(-3000).every(Number.isNaN));
    }),
  );

  it(
    'counts rows and failures, including those of earlier attempts',
    inFolder(async (folder) => {
      const output = join(folder, TEXT.name);
      const sink = await startRun(output, TEXT.layout);
      for (const row of TEXT.rows.slice(0, 4)) await sink.write(row);
      const before = { rows: 4, failures: { timeout: 1 } };
      assert.deepEqual(sink.counts, before);
      await sink.leave();
      const resumed = await resumeRun(output, TEXT.layout);
      assert.deepEqual(resumed.counts, before);
      for (const row of TEXT.rows.slice(4)) await resumed.write(row);
      assert.deepEqual(resumed.counts, { rows: 7, failures: { timeout: 1, truncated: 1 } });
      await resumed.leave();
    }),
  );

  it(
    'leaves no files if it has no rows to keep',
    inFolder(async (folder) => {
      for (const { name, layout } of OUTPUT_CASES) {
        assert.equal(await (await startRun(join(folder, name), layout)).leave(), 0);
        assert.deepEqual(await readdir(folder), []);
      }
    }),
  );

  it(
    'keeps the run whose rows it was going to reuse',
    inFolder(async (folder) => {
      const output = join(folder, TEXT.name);
      const sink = await startRun(output, TEXT.layout);
      await sink.write(TEXT.rows[0] as Row);
      await sink.leave();
      const place = await placeOf(output, TEXT.layout);
      const outputs = alone(place, TEXT.layout);
      const options = { outputs, checkpointSeconds: 0, confirm: async () => {} };
      const next = await RunSink.start(options, headerOf({ reuses: true }), true);
      assert.equal(await next.leave(), 0);
      const base = await readJournal(join(place.partial, 'base', 'journal.jsonl'));
      assert.equal(base?.checkpoint.rows, 1);
    }),
  );

  it(
    'writes nothing after a failure, and keeps the rows of the last checkpoint',
    inFolder(async (folder) => {
      const output = join(folder, TEXT.name);
      const before = await startRun(output, TEXT.layout);
      for (const row of TEXT.rows.slice(0, 3)) await before.write(row);
      await before.leave();
      const sink = await resumeRun(output, TEXT.layout, { checkpointSeconds: LATER });
      await sink.write(TEXT.rows[3] as Row);
      const misfit = ok('misfit.jpg', { logits: float32([1, 2, 3]) });
      const refused = (error: unknown) =>
        error instanceof OutputError && /misfit\.jpg.*received/.test(error.message);
      await assert.rejects(sink.write(misfit), refused);
      const { bytes } = sink;
      await assert.rejects(sink.write(TEXT.rows[3] as Row), refused);
      assert.deepEqual(sink.bytes, bytes);
      await assert.rejects(sink.commit(FACTS), refused);
      assert.equal(await sink.leave(), 3);
      const reference = await referenceOf(TEXT);
      await writeAll(await resumeRun(output, TEXT.layout), TEXT.rows.slice(3));
      assert.deepEqual(await filesIn(folder), reference);
    }),
  );

  for (const how of ['commit', 'leave'] as const) {
    it(
      `records no checkpoint in ${how} if the sync of a checkpoint in progress fails`,
      inFolder(async (folder) => {
        const output = join(folder, TEXT.name);
        const before = await startRun(output, TEXT.layout, { checkpointSeconds: LATER });
        for (const row of TEXT.rows.slice(0, 3)) await before.write(row);
        await before.leave();
        let ending: Promise<unknown> | undefined;
        let sink: RunSink | undefined;
        const end = (run: RunSink) => (how === 'commit' ? run.commit(FACTS) : run.leave());
        // After a failed sync, the kernel marks the pages as written: a second sync succeeds without writing them.
        const fail = () => {
          throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
        };
        const restore = watchFsCalls(folder, ({ kind }) => {
          if (kind !== 'sync' || sink === undefined || ending !== undefined) return undefined;
          ending = end(sink).catch((error) => error);
          return { after: fail };
        });
        try {
          sink = await resumeRun(output, TEXT.layout, { checkpointSeconds: 0.01 });
          await sink.write(TEXT.rows[3] as Row);
          await until('a sync that fails', () => ending !== undefined);
          if (how === 'commit')
            assert.match(String(await ending), /^OutputError: cannot write .*: injected$/);
          else assert.equal(await ending, 3);
        } finally {
          restore();
        }
        assert.equal(await sink.leave(), 3);
        const journal = await readJournal(`${output}.partial/journal.jsonl`);
        assert.deepEqual([journal?.checkpoint.rows, journal?.complete], [3, false]);
        await writeAll(await resumeRun(output, TEXT.layout), TEXT.rows.slice(3));
        assert.deepEqual(await filesIn(folder), await referenceOf(TEXT));
      }),
    );
  }

  it(
    'rejects every call without its lock, and keeps its journal unchanged',
    inFolder(async (folder) => {
      for (const { name, layout, rows } of [TEXT, MATRIX, FOLDER]) {
        const output = join(folder, name);
        const place = await placeOf(output, layout);
        const confirm = async () => {
          throw new OutputError('taken over');
        };
        const sink = await RunSink.start(
          { outputs: alone(place, layout), checkpointSeconds: LATER, confirm },
          headerOf(),
          false,
        );
        await assert.rejects(sink.write(rows[0] as Row), /taken over/);
        await assert.rejects(sink.commit(FACTS), /taken over/);
        await assert.rejects(sink.leave(), /taken over/);
        assert.equal((await readJournal(`${output}.partial/journal.jsonl`))?.checkpoint.rows, 0);
      }
    }),
  );

  it(
    'syncs the class names, then their folder, before the journal records that the run is complete',
    inFolder(async (folder) => {
      const synced: string[] = [];
      const restore = watchFsCalls(folder, ({ kind, path }) => {
        if (kind === 'sync') synced.push(relative(join(folder, `${SCORES.name}.partial`), path));
        return undefined;
      });
      try {
        const sink = await startRun(join(folder, SCORES.name), SCORES.layout, { checkpointSeconds: LATER });
        for (const row of SCORES.rows) await sink.write(row);
        synced.length = 0; // drop the syncs of the start
        await sink.commit(FACTS);
      } finally {
        restore();
      }
      const at = (name: string) => synced.indexOf(name);
      assert.ok(at('data/scores.classes.csv') >= 0, synced.join());
      assert.ok(at('data/scores.classes.csv') < at('data'), synced.join());
      assert.ok(at('data') < at('journal.jsonl'), synced.join());
    }),
  );

  it(
    'rewrites class names left by an earlier attempt',
    inFolder(async (folder) => {
      const output = join(folder, SCORES.name);
      const sink = await startRun(output, SCORES.layout);
      for (const row of SCORES.rows) await sink.write(row);
      await sink.leave();
      await writeFile(
        join(`${output}.partial`, 'data', 'scores.classes.csv'),
        'index,label\n0,half a li'.repeat(9),
      );
      await writeAll(await resumeRun(output, SCORES.layout), []);
      assert.deepEqual(await filesIn(folder), await referenceOf(SCORES));
    }),
  );

  it(
    'records no more rows and publishes no file once it has lost its lock',
    inFolder(async (folder) => {
      for (const { name, layout, rows } of [TEXT, MATRIX, FOLDER]) {
        const output = join(folder, name);
        const place = await placeOf(output, layout);
        const journal = () => readJournal(`${output}.partial/journal.jsonl`);
        let isLost = async () => false;
        const confirm = async () => {
          if (await isLost()) throw new OutputError('taken over');
        };
        const options = { outputs: alone(place, layout), checkpointSeconds: LATER, confirm };
        const going = async () => {
          const state = await journal();
          assert.ok(state !== undefined);
          return RunSink.resume(options, state);
        };

        const begun = await RunSink.start(options, headerOf(), false);
        await begun.write(rows[0] as Row);
        assert.equal(await begun.leave(), 1);

        const left = await going();
        await left.write(rows[1] as Row);
        isLost = async () => true;
        assert.equal(await left.leave(), 1);
        assert.equal((await journal())?.checkpoint.rows, 1);

        isLost = async () => false;
        const whole = await going();
        isLost = async () => (await journal())?.complete ?? false;
        await assert.rejects(whole.commit(FACTS), /taken over/);
        assert.equal((await journal())?.complete, true);
        assert.deepEqual(await readdir(folder), [`${name}.partial`]);
        await rm(place.partial, { recursive: true });
      }
    }),
  );

  it(
    'can be aborted while the files are read for the manifest, and completed later',
    inFolder(async (folder) => {
      const output = join(folder, FOLDER.name);
      const controller = new AbortController();
      const sink = await startRun(output, FOLDER.layout, { signal: controller.signal });
      for (const row of FOLDER.rows) await sink.write(row);
      controller.abort(new Error('enough'));
      await assert.rejects(sink.commit(FACTS), /enough/);
      assert.equal(await sink.leave(), FOLDER.rows.length);
      assert.deepEqual(await readdir(folder), [`${FOLDER.name}.partial`]);
      const reference = await referenceOf(FOLDER);
      await writeAll(await resumeRun(output, FOLDER.layout), []);
      assert.deepEqual(await filesIn(folder), reference);
    }),
  );

  it(
    'refuses to resume with files that do not match the journal',
    inFolder(async (folder) => {
      const output = join(folder, MATRIX.name);
      const sink = await startRun(output, MATRIX.layout);
      for (const row of MATRIX.rows) await sink.write(row);
      await sink.leave();
      const damage = {
        'data/embeddings.npy': (path: string) => truncate(path, 100),
        'data/embeddings.index.csv': (path: string) => truncate(path, 20),
        rows: async (path: string) => {
          const bytes = await readFile(path);
          bytes[40] = (bytes[40] ?? 0) ^ 1;
          await writeFile(path, bytes);
        },
      };
      for (const [name, harm] of Object.entries(damage)) {
        const copy = await crashed(output, MATRIX, join(folder, name.replaceAll('/', ' ')));
        await harm(join(`${copy}.partial`, name));
        const refused = (error: unknown) =>
          error instanceof OutputError &&
          /is damaged/.test(error.message) &&
          /--overwrite/.test(error.hint ?? '');
        await assert.rejects(resumeRun(copy, MATRIX.layout), refused, name);
      }
    }),
  );

  it(
    'describes in its manifest what it has written',
    inFolder(async (folder) => {
      for (const { name, layout, rows } of OUTPUT_CASES) {
        const output = join(folder, name);
        await writeAll(await startRun(output, layout), rows);
        const manifest = await readManifest(`${output}.run.json`);
        assert.ok(manifest !== undefined);
        const { outputs, ledger, started, finished, seconds, ...rest } = manifest;
        const expected = { ...FACTS, halonet: 1, rows: 7, failures: { timeout: 1, truncated: 1 } };
        const { fingerprint, ...known } = rest;
        assert.deepEqual({ ...known, ...expected }, known);
        assert.deepEqual(fingerprint, headerOf().fingerprint);
        assert.equal(started, headerOf().started);
        assert.ok(Date.parse(finished) > Date.parse(started) && seconds > 0);
        const at = layout.arrangement.folder ? output : folder;
        for (const file of [...outputs, ledger]) {
          const bytes = await readFile(file === ledger ? `${output}.run.rows` : join(at, file.name));
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          assert.deepEqual([file.bytes, file.sha256], [bytes.byteLength, sha256]);
        }
        assert.deepEqual([ledger.name, ledger.bytes], [`${name}.run.rows`, 40 * rows.length]);
      }
      const namesOf = async (name: string) =>
        (await readManifest(join(folder, `${name}.run.json`)))?.outputs.map((file) => file.name);
      assert.deepEqual(await namesOf(MATRIX.name), ['embeddings.index.csv', 'embeddings.npy']);
      const scores = ['scores.index.csv', 'scores.classes.csv', 'scores.npy'];
      assert.deepEqual(await namesOf(SCORES.name), scores);
      assert.deepEqual(await namesOf(FOLDER.name), ['stage1.npy', 'stage3.npy', 'index.csv']);
    }),
  );
});
