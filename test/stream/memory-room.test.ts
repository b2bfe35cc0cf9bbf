import assert from 'node:assert/strict';
import { memoryRoom } from '../../src/stream/memory-room.js';

describe('memoryRoom', () => {
  it('assumes that each image needs twice the memory that images took so far', () => {
    let memory = { resident: 1000, available: 5000 };
    const fits = memoryRoom(() => memory);
    memory = { resident: 1400, available: 1700 }; // 4 images took 400
    assert.equal(fits(8, 4), true); // 1600
    assert.equal(fits(16, 4), false); // 3200
    memory = { resident: 900, available: 100 }; // other memory was freed
    assert.equal(fits(16, 4), true);
  });
});
