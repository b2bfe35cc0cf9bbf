import assert from 'node:assert/strict';
import { memoryLimits } from '../../src/images/memory-limits.js';

const GIB = 2 ** 30;

describe('memoryLimits', () => {
  it('are 4 GiB for an image, or half of what there is', () => {
    assert.equal(memoryLimits(64 * GIB, 0).decoding, 4 * GIB);
    assert.equal(memoryLimits(6 * GIB, 0).decoding, 3 * GIB);
  });

  it('take a container for what there is', () => {
    assert.equal(memoryLimits(64 * GIB, 2 * GIB).decoding, GIB);
    assert.equal(memoryLimits(6 * GIB, 2 ** 64).decoding, 3 * GIB); // the kernel's word for none
  });

  it('let a process idle with an eighth of the most that an image may take', () => {
    assert.equal(memoryLimits(64 * GIB, 0).idle, GIB / 2);
  });
});
