import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { replayable } from '../../src/async/replayable.js';
import { type ImageFailure, OutputError } from '../../src/errors.js';
import { BrokenPath, FileItem } from '../../src/file-item.js';
import { identify } from '../../src/identify.js';
import type { Item, JobItem } from '../../src/item.js';
import { fingerprintOf } from '../../src/job/fingerprint.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import type { Row } from '../../src/rows.js';
import { readSuspects } from '../../src/runs/black-box.js';
import { openDestination } from '../../src/runs/destination.js';
import type { Fingerprint } from '../../src/runs/journal.js';
import type { OutputMode } from '../../src/runs/plan.js';
import { ItemFinder } from '../../src/sources/item-finder.js';
import { Collector, FACTS, FAILURE, float32 } from '../outputs/scratch.js';
import { TIME_LIMIT } from '../support/time-limit.js';
import { until } from '../support/until.js';
import { filesIn } from './outputs.js';

const JSONL = embedLayout({ format: FORMATS.jsonl, dtype: 'float32', shape: [1] });
const NPY = embedLayout({ format: FORMATS.npy, dtype: 'float32', shape: [1] });

const AWAY: ImageFailure = { code: 'not_found', message: 'there is no such file' };

// Every setting of a run.
const SETTINGS = fingerprintOf({
  version: '1.2.3',
  onnx: Uint8Array.of(1, 2, 3),
  device: 'cpu',
  preprocessing: {
    height: 128,
    width: 128,
    cropPct: 0.94,
    cropMode: 'center',
    interpolation: 'bicubic',
    fill: [124, 116, 104],
    autoOrient: true,
    decode: 'exact',
    maxPixels: 1e8,
    failOn: 'truncated',
  },
  files: [{ requests: [{ name: 'embedding', dtype: 'float32' }], layout: JSONL }],
});

const refusing =
  (message: RegExp, hint = /./) =>
  (error: unknown) =>
    error instanceof OutputError && message.test(error.message) && hint.test(error.hint ?? '');

interface Attempt {
  readonly mode: OutputMode;
  readonly images: string; // a letter each
  readonly rows?: number; // to stop after; by default all
  readonly setting?: string; // one that changes the values
  readonly settings?: Fingerprint; // further ones
  readonly unreadable?: string; // inputs that cannot be read, a letter each
  readonly listed?: boolean; // whether the images come from a list on standard input
  readonly layout?: OutputLayout;
}

describe('openDestination', () => {
  let folder: string;
  let notes: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-destination-'));
    notes = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const pathOf = (image: string) => join(folder, 'images', image);
  const place = (name: string) => join(folder, name);
  const write = async (images: string, content = 'x') => {
    await mkdir(join(folder, 'images'), { recursive: true });
    for (const image of images) await writeFile(pathOf(image), content);
  };

  async function* items(images: string, unreadable = ''): AsyncGenerator<Item> {
    for (const image of images) {
      const path = pathOf(image);
      yield unreadable.includes(image) ? new BrokenPath(path, AWAY) : new FileItem(path);
    }
  }

  /** Returns an embedding computed from a file's content; content that starts with bad fails. */
  async function rowOf(item: JobItem, setting: string): Promise<Row> {
    const { id: path, target, status } = item;
    if (status === 'stored') return { status, id: path, target, file: item.file, stored: item.stored };
    if (status === 'failed') return { status, id: path, target, failure: item.failure };
    const [file, text] = [await identify(path), await readFile(path, 'utf8').catch(() => 'bad')];
    if (text.startsWith('bad')) return { status: 'failed', id: path, file, failure: FAILURE };
    return {
      status: 'ok',
      id: path,
      file,
      outputs: { embedding: float32([text.length + setting.length / 8]) },
    };
  }

  /** Runs a job over images. @returns the images computed, the number of rows kept, and whether the output is done */
  async function run(
    output: string,
    { mode, images, rows, setting = '', settings = {}, unreadable, listed = false, layout = JSONL }: Attempt,
  ) {
    const destination = await openDestination({
      outputs: [{ output: place(output), arrangement: layout.arrangement, command: 'embed' }],
      mode,
      stdout: new Collector(),
      checkpointSeconds: 1000,
    });
    const walk = () => items(images, unreadable);
    const list = replayable(walk());
    try {
      const started = await destination.open({
        layouts: [{ layout }],
        fingerprint: () => ({ ...settings, setting }),
        onNote: (note) => notes.push(note),
        findItems: new ItemFinder(),
        items: list.items,
        walkAgain: listed ? list.replay : walk,
      });
      if (!('sink' in started)) return { computed: '', kept: started.rows, done: true };
      let computed = '';
      let count = 0;
      for await (const item of started.items) {
        if (count++ === rows) break;
        if (item.status !== 'stored') computed += item.id.at(-1);
        await started.sink.write(await rowOf(item, setting));
      }
      await started.close();
      if (rows !== undefined) return { computed, kept: await started.sink.leave(), done: false };
      await started.sink.commit(FACTS);
      return { computed, kept: count, done: true };
    } finally {
      await destination.release();
    }
  }

  /** Starts a job whose rows the test writes itself. */
  async function begun(output: string, images: string) {
    const destination = await openDestination({
      outputs: [{ output: place(output), arrangement: JSONL.arrangement, command: 'embed' }],
      mode: 'new',
      stdout: new Collector(),
      checkpointSeconds: 1000,
    });
    const started = await destination.open({
      layouts: [{ layout: JSONL }],
      fingerprint: () => ({}),
      onNote: () => {},
      findItems: new ItemFinder(),
      items: items(images),
      walkAgain: () => items(images),
    });
    assert.ok('sink' in started);
    return { destination, started };
  }

  /** Checks that the files of an output equal those of a new run over the same images. */
  async function assertAsNew(output: string, attempt: Omit<Attempt, 'mode'>): Promise<void> {
    await run(`new ${output}`, { ...attempt, mode: 'new' });
    const files = await filesIn(folder);
    for (const [name, content] of Object.entries(files)) {
      if (name.startsWith('new ')) assert.equal(files[name.slice(4)], content, name);
    }
    assert.deepEqual(
      Object.keys(files).filter((name) => /partial|lock/.test(name)),
      [],
    );
  }

  for (const layout of [JSONL, NPY]) {
    const output = `out.${layout.settings.format}`;

    describe(`with an output in ${layout.settings.format}`, () => {
      it('creates an output, and replaces an existing one only in mode overwrite', async () => {
        await write('abc');
        assert.deepEqual(await run(output, { mode: 'resume', images: 'abc', layout }), {
          computed: 'abc',
          kept: 3,
          done: true,
        });
        await assert.rejects(
          run(output, { mode: 'new', images: 'abc', layout }),
          refusing(new RegExp(`${output} already exists`), /--overwrite/),
        );
        assert.equal((await run(output, { mode: 'overwrite', images: 'ab', layout })).computed, 'ab');
        await assertAsNew(output, { images: 'ab', layout });
      });

      it('resumes an interrupted run, and refuses to start a new one in its place', async () => {
        await write('abcde');
        const left = await run(output, { mode: 'new', images: 'abcde', rows: 3, layout });
        assert.deepEqual(left, { computed: 'abc', kept: 3, done: false });
        await assert.rejects(
          run(output, { mode: 'new', images: 'abcde', layout }),
          refusing(
            /^a run to .* was interrupted: its rows are kept in .*\.partial$/,
            /--resume.*--overwrite/,
          ),
        );
        const resumed = await run(output, { mode: 'resume', images: 'abcde', layout });
        assert.deepEqual(resumed, { computed: 'de', kept: 2, done: true });
        assert.deepEqual(notes, [`${place(output)}: continuing after 3 rows`]);
        await assertAsNew(output, { images: 'abcde', layout });
      });

      it('discards an interrupted run in mode overwrite', async () => {
        await write('abcd');
        await run(output, { mode: 'new', images: 'abcd', rows: 3, layout });
        assert.equal((await run(output, { mode: 'overwrite', images: 'dcb', layout })).computed, 'dcb');
        await assertAsNew(output, { images: 'dcb', layout });
      });

      it('keeps the old output until the run that replaces it is complete', async () => {
        await write('abcd');
        await run(output, { mode: 'new', images: 'ab', layout });
        const before = await readFile(place(output));
        await run(output, { mode: 'overwrite', images: 'abcd', rows: 3, layout });
        assert.deepEqual(await readFile(place(output)), before);
        // Permission to replace carries over to the resumed run.
        assert.equal((await run(output, { mode: 'resume', images: 'abcd', layout })).computed, 'd');
        await assertAsNew(output, { images: 'abcd', layout });
      });

      it('has nothing to do if nothing has changed', async () => {
        await write('abc');
        await write('b', 'bad');
        await run(output, { mode: 'new', images: 'abc', layout });
        const before = await filesIn(folder);
        for (const mode of ['resume', 'sync'] as const) {
          assert.deepEqual(await run(output, { mode, images: 'abc', layout }), {
            computed: '',
            kept: 3,
            done: true,
          });
        }
        assert.deepEqual(await filesIn(folder), before);
      });

      it('reports changed inputs, and reuses the other rows in mode sync', async () => {
        await write('abcdef');
        await run(output, { mode: 'new', images: 'abcde', layout });
        await write('b', 'changed');
        const attempt = { images: 'fabce', layout };
        const before = await filesIn(folder);
        await assert.rejects(
          run(output, { ...attempt, mode: 'resume' }),
          refusing(/inputs of .* have changed: 1 new, 1 changed, 1 gone$/, /--sync.*--overwrite/),
        );
        assert.deepEqual(await filesIn(folder), before);
        assert.equal((await run(output, { ...attempt, mode: 'sync' })).computed, 'fb');
        assert.deepEqual(notes, [`${place(output)}: 1 new, 1 changed, 1 gone`]);
        await assertAsNew(output, attempt);
      });

      it('reuses rows of a repeatedly interrupted run, and of the output before it', async () => {
        await write('abcdefgh');
        await run(output, { mode: 'new', images: 'abcd', layout });
        await run(output, { mode: 'sync', images: 'xabcdefgh', rows: 6, layout }); // x does not exist
        await assert.rejects(
          run(output, { mode: 'resume', images: 'abcdefgh', layout }),
          refusing(/have changed: 1 gone/),
        );
        await write('g', 'later');
        const second = await run(output, { mode: 'sync', images: 'gabcdefh', rows: 2, layout });
        assert.deepEqual([second.computed, second.kept], ['g', 2]);
        await write('a', 'later, too');
        const third = await run(output, { mode: 'sync', images: 'gabcdefh', rows: 4, layout });
        assert.equal(third.computed, 'a');
        const last = await run(output, { mode: 'resume', images: 'gabcdefh', layout });
        assert.equal(last.computed, 'fh');
        await assertAsNew(output, { images: 'gabcdefh', layout });
      });

      it('reuses no rows of a modified file', async () => {
        await write('abcd');
        await run(output, { mode: 'new', images: 'abc', layout });
        await run(output, { mode: 'sync', images: 'dabc', rows: 2, layout });
        const bytes = await readFile(place(output));
        bytes[bytes.byteLength - 3] = 0x39;
        await writeFile(place(output), bytes);
        await assert.rejects(
          run(output, { mode: 'resume', images: 'dabc', layout }),
          refusing(/out\.\w+ was altered after its run: the rows of .* cannot be reused$/, /halonet verify/),
        );
        await rm(place(`${output}.partial`), { recursive: true });
        await assert.rejects(
          run(output, { mode: 'sync', images: 'abcd', layout }),
          refusing(/out\.\w+ was altered after its run: the rows of .* cannot be reused$/, /halonet verify/),
        );
        await truncate(place(output), 5);
        for (const mode of ['resume', 'sync'] as const) {
          await assert.rejects(
            run(output, { mode, images: 'abcd', layout }),
            refusing(
              new RegExp(
                `${output} was altered: --${mode} needs all files of .*${output} as its run wrote them$`,
              ),
              /--overwrite.*halonet verify/,
            ),
          );
        }
      });
    });
  }

  it('refuses to resume or sync with other settings', async () => {
    await write('abc');
    const attempt = { images: 'abc', setting: 'one' };
    await run('out.jsonl', { ...attempt, mode: 'new', rows: 2 });
    const other = { ...attempt, setting: 'two' };
    for (const mode of ['resume', 'sync'] as const) {
      const before = await filesIn(folder);
      await assert.rejects(
        run('out.jsonl', { ...other, mode }),
        refusing(/was started with other settings: setting was one, now two$/),
      );
      assert.deepEqual(await filesIn(folder), before);
    }
    await run('out.jsonl', { ...attempt, mode: 'resume' });
    for (const mode of ['resume', 'sync'] as const)
      await assert.rejects(run('out.jsonl', { ...other, mode }), refusing(/other settings/));
    assert.equal((await run('out.jsonl', { ...other, mode: 'overwrite' })).computed, 'abc');
  });

  it('reuses no rows of an output that is being replaced', async () => {
    await write('abcd');
    await run('out.jsonl', { mode: 'new', images: 'abc', setting: 'one' });
    await run('out.jsonl', { mode: 'overwrite', images: 'abc', setting: 'three', rows: 1 });
    const synced = await run('out.jsonl', { mode: 'sync', images: 'dabc', setting: 'three' });
    assert.equal(synced.computed, 'dbc');
    await assertAsNew('out.jsonl', { images: 'dabc', setting: 'three' });
  });

  it('distinguishes a retry from an ordinary run', async () => {
    await write('abc');
    await write('ac', 'bad');
    const attempt = { images: 'abc' };
    await run('out.jsonl', { ...attempt, mode: 'new', rows: 2 });
    await assert.rejects(
      run('out.jsonl', { ...attempt, mode: 'retry' }),
      refusing(/a run to .* was interrupted/, /--resume/),
    );
    await run('out.jsonl', { ...attempt, mode: 'resume' });
    await write('ac');
    const retried = await run('out.jsonl', { ...attempt, mode: 'retry', rows: 1 });
    assert.deepEqual([retried.computed, retried.kept], ['a', 1]);
    for (const mode of ['new', 'resume', 'sync'] as const) {
      await assert.rejects(
        run('out.jsonl', { ...attempt, mode }),
        refusing(/a retry of .* was interrupted/, /Continue it: halonet retry .*out\.jsonl$/),
      );
    }
    assert.equal((await run('out.jsonl', { ...attempt, mode: 'retry' })).computed, 'c');
    await assertAsNew('out.jsonl', attempt);
    assert.equal((await run('out.jsonl', { ...attempt, mode: 'retry' })).done, true);
  });

  for (const left of ['finished', 'interrupted'] as const) {
    describe(`with --sync, when inputs of a run that was ${left} are missing,`, () => {
      const output = 'out.jsonl';
      let before: Readonly<Record<string, string>>;
      beforeEach(async () => {
        await write('abcd');
        await run(output, { mode: 'new', images: 'abcd', ...(left === 'interrupted' && { rows: 3 }) });
        before = await filesIn(folder);
      });
      const rows = left === 'finished' ? 4 : 3;

      async function assertRefused(attempt: Omit<Attempt, 'mode'>, message: RegExp): Promise<void> {
        for (const listed of [false, true])
          await assert.rejects(
            run(output, { ...attempt, mode: 'sync', listed }),
            refusing(message, /disk is mounted.*--overwrite/),
          );
        assert.deepEqual(await filesIn(folder), before);
      }

      it('drops no rows if all inputs are gone', async () => {
        const emptied = `--sync would drop all ${rows} rows of .*: none of its images is among the inputs any more`;
        await assertRefused({ images: '' }, new RegExp(emptied));
        await write('x');
        before = await filesIn(folder);
        await assertRefused({ images: 'x' }, new RegExp(emptied)); // even with new ones in their place
        assert.equal((await run(output, { mode: 'overwrite', images: 'x' })).computed, 'x');
      });

      it('drops no rows if an input cannot be read', async () => {
        await assertRefused(
          { images: 'xbcd', unreadable: 'x' },
          new RegExp(`--sync would drop 1 of the ${rows} rows of .*: 1 input cannot be read$`),
        );
        await assertRefused(
          { images: 'xy', unreadable: 'xy' },
          new RegExp(`--sync would drop all ${rows} rows of .*: 2 inputs cannot be read$`),
        );
      });

      it('proceeds if no row would be lost, or no further input has become unreadable', async () => {
        const joined = { images: 'xabcd', unreadable: 'x' };
        await run(output, { ...joined, mode: 'sync' });
        assert.match(notes.join(), /out\.jsonl: 1 new$/);
        // An input that was already unreadable last time does not protect the rows of inputs that are gone.
        await run(output, { images: 'xd', unreadable: 'x', mode: 'sync' });
        assert.match(notes.join(), /out\.jsonl: 3 gone$/);
        await assertAsNew(output, { images: 'xd', unreadable: 'x' });
      });
    });
  }

  it('retries with other limits, but with no other setting changed', async () => {
    await write('abc');
    await write('ac', 'bad');
    const attempt = { images: 'abc', settings: SETTINGS };
    const others = Object.keys(SETTINGS).filter((name) => name !== 'maxPixels' && name !== 'failOn');
    assert.ok(['model', 'device', 'cropMode', 'height', 'outputs'].every((name) => others.includes(name)));

    const assertOthersRefused = async () => {
      const before = await filesIn(folder);
      for (const name of others) {
        const settings = { ...SETTINGS, [name]: 'another' };
        await assert.rejects(
          run('out.jsonl', { ...attempt, settings, mode: 'retry' }),
          refusing(/was started with other settings/, /--overwrite/),
          name,
        );
      }
      const { device: _, ...fewer } = SETTINGS;
      await assert.rejects(
        run('out.jsonl', { ...attempt, settings: fewer, mode: 'retry' }),
        refusing(/--device was cpu, now not set$/),
      );
      assert.deepEqual(await filesIn(folder), before);
    };
    const limits = { ...SETTINGS, maxPixels: '5', failOn: 'none' };

    await run('out.jsonl', { ...attempt, mode: 'new' });
    await assertOthersRefused();
    await write('ac');
    const begun = await run('out.jsonl', { ...attempt, settings: limits, mode: 'retry', rows: 1 });
    assert.deepEqual([begun.computed, begun.kept], ['a', 1]);
    await assertOthersRefused(); // for the interrupted retry
    assert.equal((await run('out.jsonl', { ...attempt, settings: limits, mode: 'retry' })).computed, 'c');
    // The limits were only for the retried images: the run keeps its settings.
    for (const mode of ['resume', 'sync'] as const) {
      assert.equal((await run('out.jsonl', { ...attempt, mode })).done, true);
      await assert.rejects(
        run('out.jsonl', { ...attempt, settings: limits, mode }),
        refusing(/--max-pixels was 100000000, now 5; --fail-on was truncated, now none$/),
      );
    }
    await assertAsNew('out.jsonl', attempt);
  });

  it('accepts a list that can be read only once', async () => {
    await write('abcde');
    const attempt = { images: 'abcde', listed: true };
    await run('out.jsonl', { ...attempt, mode: 'new', rows: 2 });
    await write('a', 'changed');
    await assert.rejects(run('out.jsonl', { ...attempt, mode: 'resume' }), refusing(/1 changed/));
    assert.equal((await run('out.jsonl', { ...attempt, mode: 'sync', rows: 4 })).computed, 'acd');
    assert.equal((await run('out.jsonl', { ...attempt, mode: 'resume' })).computed, 'e');
    assert.equal((await run('out.jsonl', { ...attempt, mode: 'resume' })).computed, '');
    await assertAsNew('out.jsonl', { images: 'abcde' });
  });

  it('refuses an index without its array before doing any work', async () => {
    await writeFile(place('out.index.csv'), 'mine');
    await assert.rejects(
      run('out.npy', { mode: 'new', images: 'a', layout: NPY }),
      refusing(/out\.index\.csv already exists/),
    );
    await assert.rejects(
      run('out.npy', { mode: 'resume', images: 'a', layout: NPY }),
      refusing(/out\.index\.csv exists, but its manifest .*out\.npy\.run\.json does not$/),
    );
    assert.deepEqual(await readdir(folder), ['out.index.csv']);
  });

  it('discards a complete run whose name was taken, but only in mode overwrite', async () => {
    await write('abc');
    const { destination, started } = await begun('out.jsonl', 'a');
    await writeFile(place('out.jsonl'), 'mine');
    await assert.rejects(
      started.sink.commit(FACTS),
      refusing(/already exists, and did not when the run started/),
    );
    await started.close();
    await destination.release();
    for (const mode of ['new', 'resume'] as const)
      await assert.rejects(
        run('out.jsonl', { mode, images: 'a' }),
        refusing(/already exists/, /Move it away/),
      );
    assert.equal(await readFile(place('out.jsonl'), 'utf8'), 'mine');
    assert.equal((await run('out.jsonl', { mode: 'overwrite', images: 'abc' })).computed, 'abc');
    await assertAsNew('out.jsonl', { images: 'abc' });
  });

  it('allows one run at a time', async () => {
    const output = {
      outputs: [{ output: place('out.jsonl'), arrangement: JSONL.arrangement, command: 'embed' }],
      stdout: new Collector(),
      checkpointSeconds: 1,
    } as const;
    const first = await openDestination({ ...output, mode: 'new' });
    for (const mode of ['new', 'resume', 'sync', 'overwrite'] as const) {
      await assert.rejects(
        openDestination({ ...output, mode }),
        refusing(
          new RegExp(`another run \\(process ${process.pid} on ${hostname()}\\) is writing`),
          /\.lock/,
        ),
      );
    }
    await first.release();
    await (await openDestination({ ...output, mode: 'new' })).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('writes no more rows once another run has the lock, and leaves that lock in place', async () => {
    await write('a');
    const { destination, started } = await begun('out.jsonl', 'a');
    const row = await rowOf(new FileItem(pathOf('a')), '');
    const other = '{"purpose":"another run"}\n';
    await writeFile(place('out.jsonl.lock'), other);
    const writeOn = () =>
      until('a look at the lock', async () => {
        await started.sink.write(row);
        return false;
      });
    const lost = refusing(/^the lock of .*out\.jsonl is gone, or belongs to another run$/, /took over/);
    await assert.rejects(writeOn(), lost);
    await assert.rejects(started.sink.commit(FACTS), lost);
    await assert.rejects(started.sink.leave(), lost);
    await started.close();
    await destination.release();
    assert.equal(await readFile(place('out.jsonl.lock'), 'utf8'), other);
    assert.deepEqual((await readdir(folder)).sort(), ['images', 'out.jsonl.lock', 'out.jsonl.partial']);
  });

  it('records the name of an image while it is being processed', async () => {
    const { destination, started } = await begun('out.jsonl', '');
    const decoding = join(place('out.jsonl.partial'), 'decoding');
    const named = await started.recordDecode('a "strange" name', () => readSuspects(decoding));
    assert.deepEqual(named, ['a "strange" name']);
    assert.deepEqual(await readSuspects(decoding), []);
    await started.close();
    await started.sink.leave();
    await destination.release();
  });

  it('reuses rows only of the output that a run was started from', async () => {
    await write('abcd');
    const attempt = { images: 'dabc' };
    await run('out.jsonl', { mode: 'new', images: 'abc' });
    await run('out.jsonl', { ...attempt, mode: 'sync', rows: 2 });
    const manifest = place('out.jsonl.run.json');
    const then = await readFile(manifest, 'utf8');
    await writeFile(manifest, then.replace('"started": "20', '"started": "19'));
    for (const mode of ['resume', 'sync'] as const)
      await assert.rejects(
        run('out.jsonl', { ...attempt, mode }),
        refusing(/has changed since the run in .* started/, /Restore it/),
      );
    await writeFile(manifest, then);
    assert.equal((await run('out.jsonl', { ...attempt, mode: 'resume' })).computed, '');
    await assertAsNew('out.jsonl', attempt);
  });

  it('leaves no lock behind if it refuses', async () => {
    await writeFile(place('out.jsonl'), 'mine');
    await assert.rejects(run('out.jsonl', { mode: 'new', images: '' }), OutputError);
    await assert.rejects(run('out.jsonl', { mode: 'resume', images: '' }), OutputError);
    assert.deepEqual(await readdir(folder), ['out.jsonl']);
  });

  it('reports the images that were being decoded when a process died', async () => {
    await write('ab');
    await run('out.jsonl', { mode: 'new', images: 'ab', rows: 1 });
    const suspects = [pathOf('b'), 'new\nline'];
    const script = `
      import { BlackBox } from ${JSON.stringify(new URL('../../src/runs/black-box.js', import.meta.url).href)};
      const box = BlackBox.open(${JSON.stringify(join(place('out.jsonl.partial'), 'decoding'))});
      for (const path of ${JSON.stringify(suspects)}) box.record(path, () => new Promise(() => {}));
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['--input-type=module', '-e', script], TIME_LIMIT);
    const open = (mode: OutputMode) =>
      openDestination({
        outputs: [{ output: place('out.jsonl'), arrangement: JSONL.arrangement, command: 'embed' }],
        mode,
        stdout: new Collector(),
        checkpointSeconds: 1,
      });
    for (const [mode, expected] of [
      ['resume', suspects],
      ['sync', suspects],
      ['overwrite', []],
    ] as const) {
      const destination = await open(mode);
      assert.deepEqual(destination.suspects, expected);
      await destination.release();
    }
    await run('out.jsonl', { mode: 'resume', images: 'ab' });
    const after = await open('resume');
    assert.deepEqual(after.suspects, []);
    await after.release();
  });

  it('refuses to resume or sync on a stream', async () => {
    const stdout = new Collector();
    for (const output of ['-', '/dev/stdout']) {
      for (const mode of ['resume', 'sync'] as const) {
        await assert.rejects(
          openDestination({
            outputs: [{ output, arrangement: JSONL.arrangement, command: 'embed' }],
            mode,
            stdout,
            checkpointSeconds: 1,
          }),
          refusing(
            new RegExp(
              `^--${mode} needs an output file: rows written to standard output cannot be read back$`,
            ),
            /--output/,
          ),
        );
      }
    }
    assert.equal(stdout.text, '');
  });
});
