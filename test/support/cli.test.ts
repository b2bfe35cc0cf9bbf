import assert from 'node:assert/strict';
import { halonet } from './cli.js';

describe('halonet() in tests', () => {
  it('kills a command line that does not end in time, and throws', async () => {
    const hanging = halonet(['classify'], { shell: 'echo so far >&2; exec sleep 60', limit: 1 });
    await assert.rejects(hanging, /halonet classify did not end within 1 s; it said: so far/);
  });
});
