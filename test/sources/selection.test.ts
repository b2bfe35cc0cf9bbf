import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FileItem } from '../../src/file-item.js';
import type { Item } from '../../src/item.js';
import { type Selection, selected } from '../../src/sources/selection.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('selected', () => {
  const paths = ['cats/a.png', 'cats/b.jpg', 'cats/thumbs/a.png', 'dogs/a.png', 'dogs/.b/c.jpg', 'x.png'];

  let taken = 0;
  async function* walk(ids: readonly string[]): AsyncGenerator<Item> {
    taken = 0;
    for (const id of ids) {
      taken++;
      yield new FileItem(id);
    }
  }

  async function idsOf(selection: Selection, ids: readonly string[] = paths): Promise<string[]> {
    const found: string[] = [];
    for await (const { id } of selected(walk(ids), selection)) found.push(id);
    return found;
  }

  it('takes every item by default', async () => {
    assert.deepEqual(await idsOf({}), paths);
  });

  it('matches patterns against whole paths, or their ends from any folder on', async () => {
    assert.deepEqual(await idsOf({ include: ['*.jpg'] }), ['cats/b.jpg', 'dogs/.b/c.jpg']);
    assert.deepEqual(await idsOf({ include: ['dogs/**', 'x.png'] }), [
      'dogs/a.png',
      'dogs/.b/c.jpg',
      'x.png',
    ]);
    assert.deepEqual(await idsOf({ include: ['cats/*'] }), ['cats/a.png', 'cats/b.jpg']);
    assert.deepEqual(await idsOf({ include: ['{cats,dogs}/a.png'] }), ['cats/a.png', 'dogs/a.png']);
    const absolute = [
      '/data/cats/a.png',
      './cats/b.png',
      '../../cats/d.png',
      'C:\\cats\\c.png',
      '/data/bobcats/a.png',
    ];
    assert.deepEqual(await idsOf({ include: ['cats/*.png'] }, absolute), absolute.slice(0, 4));
  });

  it('resolves dots in paths and patterns, and starts at the root in both', async () => {
    const odd = ['lists/../a.png', './b/./c.png', '/data/d.png', '../e.png'];
    assert.deepEqual(await idsOf({ include: ['*.png'] }, odd), odd);
    assert.deepEqual(await idsOf({ include: ['a.png', './b/**', '/data/*.png', '../e.png'] }, odd), odd);
    assert.deepEqual(await idsOf({ exclude: ['/data/**', 'b/'] }, odd), ['lists/../a.png', '../e.png']);
  });

  it('excludes from what it includes', async () => {
    assert.deepEqual(await idsOf({ exclude: ['thumbs/**', '*.jpg'] }), ['cats/a.png', 'dogs/a.png', 'x.png']);
    assert.deepEqual(await idsOf({ include: ['*.png'], exclude: ['cats/**'] }), ['dogs/a.png', 'x.png']);
    assert.deepEqual(await idsOf({ include: [] }), []);
  });

  it('holds no item of a sample any more once it has been taken', async () => {
    const sample = selected(walk(paths), { sample: paths.length })[Symbol.asyncIterator]();
    const first = new WeakRef((await sample.next()).value);
    await sample.next();
    await setImmediate();
    collectGarbage();
    assert.equal(first.deref(), undefined);
    assert.equal((await sample.next()).value.id, paths[2]);
  });

  it('takes the first items, and no more from the walk', async () => {
    assert.deepEqual(await idsOf({ limit: 2 }), paths.slice(0, 2));
    assert.equal(taken, 2);
    assert.deepEqual(await idsOf({ limit: 99 }), paths);
    assert.deepEqual(await idsOf({ include: ['*.jpg'], limit: 1 }), ['cats/b.jpg']);
  });

  it('samples in the order of the walk, the same items for the same seed', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => String(i));
    const sample = await idsOf({ sample: 50 }, many);
    assert.equal(new Set(sample).size, 50);
    assert.deepEqual(
      sample,
      sample.toSorted((a, b) => Number(a) - Number(b)),
    );
    assert.deepEqual(await idsOf({ sample: 50, seed: 0 }, many), sample);
    assert.notDeepEqual(await idsOf({ sample: 50, seed: 1 }, many), sample);
    assert.deepEqual(await idsOf({ sample: 2000 }, many), many);
    assert.deepEqual(await idsOf({ sample: 50, limit: 3 }, many), sample.slice(0, 3));
  });

  it('chooses every item equally often', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => String(i));
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed++)
      for (const id of await idsOf({ sample: 5, seed }, ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
    // 2000 draws with chance 1/4: 500 expected, with a standard deviation of 19.
    for (const id of ids)
      assert.ok(Math.abs((counts.get(id) ?? 0) - 500) < 5 * 19, `${id}: ${counts.get(id)}`);
  });
});
