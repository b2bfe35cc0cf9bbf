import assert from 'node:assert/strict';
import { encodeNpyHeader } from '../../src/outputs/npy-header.js';

describe('encodeNpyHeader', () => {
  it('writes NPY 1.0: magic, version, length, and a dictionary that ends with a line feed', () => {
    const header = Buffer.from(encodeNpyHeader('float32', 3, [1000]));
    assert.deepEqual([...header.subarray(0, 8)], [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    assert.equal(header.readUInt16LE(8), header.length - 10);
    assert.equal(
      header.toString('latin1', 10).trimEnd(),
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1000), }",
    );
    assert.equal(header.at(-1), 0x0a);
  });

  it('pads the header to a multiple of 64 bytes for any shape', () => {
    for (let dims = 0; dims < 12; dims += 1) {
      assert.equal(encodeNpyHeader('float16', 7, new Array<number>(dims).fill(31)).length % 64, 0);
    }
  });

  it('has the same length for every row count', () => {
    for (let width = 1; width < 1e12; width *= 10) {
      const lengths = [0, 9, 12345, Number.MAX_SAFE_INTEGER].map(
        (n) => encodeNpyHeader('float32', n, [width]).length,
      );
      assert.equal(new Set(lengths).size, 1);
    }
  });

  it('writes one dimension as a tuple', () => {
    assert.match(
      Buffer.from(encodeNpyHeader('float16', 4, [])).toString('latin1'),
      /'<f2'.*'shape': \(4,\), }/,
    );
  });
});
