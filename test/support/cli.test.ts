import assert from 'node:assert/strict';
import { halonet } from './cli.js';

describe('the command line in tests', () => {
  it('is killed when it does not end, and the test fails', async () => {
    const hanging = halonet(['classify'], { shell: 'echo so far >&2; exec sleep 60', limit: 1 });
    await assert.rejects(hanging, /halonet classify did not end within 1 s; it said: so far/);
  });
});
