import assert from 'node:assert/strict';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { ownName, type RowFile } from '../../src/outputs/row-file.js';
import type { TensorSpec } from '../../src/outputs/row-tensor.js';
import { bytesLeft, ENOUGH_ROWS, rowSpace } from '../../src/runs/space.js';
import { packedLayout } from '../support/packed-format.js';

const TEXT: RowFile = {
  name: ownName,
  header: Buffer.from('path,é\n'),
  rows: { encode: () => Buffer.of(), names: () => [], renamed: (text) => text },
};
const tensors: readonly TensorSpec[] = [
  { name: 'stage0', dtype: 'float32', shape: [3, 5] },
  { name: 'stage1', dtype: 'float16', shape: [7] },
];
const LAYOUT: OutputLayout = {
  arrangement: FORMATS.npy.features.arrangement,
  files: [TEXT, ...FORMATS.npy.features.files(tensors, {}).slice(1)],
  settings: {},
};
const ROW = 3 * 5 * 4 + 7 * 2; // bytes in the arrays
const LEDGER = 40;
const HEADERS = 128 + 128 + 8; // NPY headers take 64 or 128 bytes; é takes two

describe('rowSpace', () => {
  it('adds up the rows and headers of all arrays, and the header of the text', () => {
    assert.deepEqual(rowSpace(LAYOUT), { headers: HEADERS, fixed: ROW, ledger: LEDGER, rowless: 0 });
  });

  it('counts only the header and the ledger for text alone', () => {
    const alone = { headers: 8, fixed: 0, ledger: LEDGER, rowless: 0 };
    assert.deepEqual(rowSpace({ files: [TEXT] }), alone);
  });
});

describe('bytesLeft', () => {
  const written = (rows: number, text: number) => ({ rows, bytes: HEADERS + rows * ROW + text });

  it('counts the row files and the packed files of an output that is packed, which exist side by side', () => {
    const layout = packedLayout(4);
    const { files, packing } = layout;
    const fixed = files.reduce((sum, { rows }) => sum + (rows?.bytes ?? 0), 0);
    const headers = files.reduce((sum, { header }) => sum + header.byteLength, 0);
    const row = fixed + 20.5;
    const packed = 300 * row * (packing?.growth ?? 0);
    assert.equal(fixed, 16);
    assert.equal(
      bytesLeft(layout, { rows: 100, bytes: headers + 100 * row }, 300),
      200 * (row + LEDGER) + packed,
    );
  });

  it('is exact for arrays, and estimates the text from the rows so far', () => {
    assert.equal(bytesLeft(LAYOUT, written(100, 2_050), 300), 200 * (ROW + LEDGER + 20.5));
  });

  it('counts no text while there are too few rows to estimate it', () => {
    const few = ENOUGH_ROWS - 1;
    assert.equal(bytesLeft(LAYOUT, written(few, 1e6), few + 10), 10 * (ROW + LEDGER));
    assert.equal(
      bytesLeft(LAYOUT, written(ENOUGH_ROWS, 64), ENOUGH_ROWS + 10),
      10 * (ROW + LEDGER + 64 / ENOUGH_ROWS),
    );
    assert.equal(bytesLeft(LAYOUT, written(0, 0), 10), 10 * (ROW + LEDGER));
  });

  it('includes the class names that are still to be written', () => {
    const classes = { name: ownName, header: Buffer.from('index,label\n0,é\n') };
    const layout: OutputLayout = { ...LAYOUT, files: [...LAYOUT.files, classes] };
    assert.equal(bytesLeft(layout, written(0, 0), 10), 10 * (ROW + LEDGER) + 17);
  });

  it('is zero for a run that has all rows, or more than expected', () => {
    assert.equal(bytesLeft(LAYOUT, written(100, 2_000), 100), 0);
    assert.equal(bytesLeft(LAYOUT, written(100, 2_000), 99), 0);
  });
});
