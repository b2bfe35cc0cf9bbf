import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { OutputError } from '../../src/errors.js';
import { freeSpace } from '../../src/files/free-space.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { ENOUGH_ROWS } from '../../src/runs/space.js';
import { SpaceWatch } from '../../src/runs/space-watch.js';

const LAYOUT = embedLayout({ format: FORMATS.jsonl, dtype: 'float32', shape: [1] });
const TEXT = 100; // bytes per row
const MORE_THAN_ANY_DISK = 1e15; // rows

function watch(total: () => number | undefined, { folder = tmpdir(), everySeconds = 0 } = {}) {
  const notes: string[] = [];
  let rows = 0;
  const output = { output: 'out.csv', layout: LAYOUT, folder, bytes: () => rows * TEXT };
  const space = new SpaceWatch([output], rows, { total, everySeconds, onNote: (note) => notes.push(note) });
  const write = async (count: number) => {
    for (let i = 0; i < count; i++) {
      rows++;
      await space.wrote();
    }
  };
  return { notes, write };
}

describe('freeSpace', () => {
  it('returns the free space of a folder, and undefined for a missing one', async () => {
    assert.ok(((await freeSpace(tmpdir())) ?? 0) > 0);
    assert.equal(await freeSpace('/no/such/folder'), undefined);
  });
});

describe('SpaceWatch', () => {
  it('stops a run that does not fit, and states the space needed, the free space and the folder', async () => {
    const { write } = watch(() => MORE_THAN_ANY_DISK);
    await assert.rejects(write(1), (error) => {
      assert.ok(error instanceof OutputError);
      assert.match(
        error.message,
        /out\.csv: it needs at least [\d.]+ TB more, and [\d.]+ [kMGT]?B are free in \//,
      );
      assert.match(error.hint ?? '', /--no-check-space/);
      return true;
    });
  });

  it('stops a run that does not fit as soon as the number of inputs is known', async () => {
    let total: number | undefined;
    const { write } = watch(() => total);
    await write(3 * ENOUGH_ROWS);
    total = MORE_THAN_ANY_DISK;
    await assert.rejects(write(1), OutputError);
  });

  it('checks again once there are enough rows to estimate the text, however soon', async () => {
    let fits = true;
    const { write } = watch(() => (fits ? 100 : MORE_THAN_ANY_DISK), { everySeconds: 1e6 });
    await write(1);
    fits = false;
    await write(ENOUGH_ROWS - 2); // not checked
    await assert.rejects(write(1), OutputError);
  });

  it('warns once if space runs short later, and lets the run continue', async () => {
    let total = 1_000;
    const { write, notes } = watch(() => total);
    await write(ENOUGH_ROWS);
    assert.deepEqual(notes, []);
    total = MORE_THAN_ANY_DISK;
    await write(10);
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', /^disk space is running out: out\.csv needs at least /);
  });

  it('lets a run continue if the free space is unknown', async () => {
    const { write, notes } = watch(() => MORE_THAN_ANY_DISK, { folder: '/no/such/folder' });
    await write(2 * ENOUGH_ROWS);
    assert.deepEqual(notes, []);
  });

  it('sums what outputs on one disk need, and names them', async () => {
    const free = (await freeSpace(tmpdir())) ?? 0;
    const rows = Math.ceil(free / 40 / 1.5); // the ledger of one output fits, those of two do not
    const named = (...outputs: readonly string[]) =>
      outputs.map((output) => ({ output, layout: LAYOUT, folder: tmpdir(), bytes: () => 0 }));
    const wrote = (outputs: ReturnType<typeof named>) =>
      new SpaceWatch(outputs, 0, { total: () => rows, everySeconds: 0, onNote: () => {} }).wrote();
    await wrote(named('a.csv'));
    await assert.rejects(wrote(named('a.csv', 'b.csv')), {
      message: /^not enough disk space for a\.csv and b\.csv: they need at least /,
    });
  });
});
