import assert from 'node:assert/strict';
import { memoryLimits } from '../../src/images/memory-limits.js';

const GIB = 2 ** 30;

describe('memoryLimits', () => {
  it('limits an image to 4 GiB or half of the memory, whichever is less', () => {
    assert.equal(memoryLimits(64 * GIB, 0).decoding, 4 * GIB);
    assert.equal(memoryLimits(6 * GIB, 0).decoding, 3 * GIB);
  });

  it('respects the memory limit of a container', () => {
    assert.equal(memoryLimits(64 * GIB, 2 * GIB).decoding, GIB);
    assert.equal(memoryLimits(6 * GIB, 2 ** 64).decoding, 3 * GIB); // how the kernel reports that there is none
  });

  it('lets an idle process keep 512 MiB', () => {
    assert.equal(memoryLimits(64 * GIB, 0).idle, GIB / 2);
  });
});
