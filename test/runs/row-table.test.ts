import assert from 'node:assert/strict';
import { mulberry32 } from '../../src/random.js';
import { RowTable } from '../../src/runs/row-table.js';

describe('RowTable', () => {
  it('finds the first row of every key it holds and none for other keys, like a Map', () => {
    const random = mulberry32(5);
    const word = () => BigInt(Math.floor(random() * 2 ** 32));
    const few = () => BigInt(Math.floor(random() * 8));
    // Keys that differ only in their upper or only in their lower half collide in the table, and some occur twice.
    const kinds = [
      () => (word() << 32n) | word(),
      () => (word() << 32n) | few(),
      () => (few() << 32n) | word(),
      () => (few() << 32n) | few(),
    ];
    for (const capacity of [0, 1, 2, 3, 1000, 20_000]) {
      const table = new RowTable(capacity);
      const map = new Map<bigint, number>();
      for (let row = 0; row < capacity; row++) {
        const key = kinds[row % kinds.length]?.() ?? 0n;
        table.add(key, row);
        if (!map.has(key)) map.set(key, row);
      }
      for (const [key, row] of map) assert.equal(table.find(key), row);
      for (let i = 0; i < 1000; i++) {
        const key = kinds[i % kinds.length]?.() ?? 0n;
        assert.equal(table.find(key), map.get(key));
      }
    }
  });

  it('distinguishes the smallest and the largest keys and rows', () => {
    const table = new RowTable(4);
    const keys = [0n, 2n ** 64n - 1n, 2n ** 32n, 2n ** 32n - 1n];
    for (const [i, key] of keys.entries()) table.add(key, 2 ** 30 - i);
    assert.deepEqual(
      keys.map((key) => table.find(key)),
      keys.map((_, i) => 2 ** 30 - i),
    );
    assert.equal(table.find(1n), undefined);
  });
});
