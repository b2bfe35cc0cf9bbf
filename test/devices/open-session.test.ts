import assert from 'node:assert/strict';
import { openSession } from '../../src/devices/open-session.js';
import { CPU, type Device } from '../../src/runtime/devices.js';
import { DeviceError } from '../../src/runtime/failures.js';
import { SessionError } from '../../src/runtime/session.js';
import { DEMO_MODEL, onnxOf } from '../support/demo.js';

// A device that this platform's package does not have.
const ABSENT: Device = { name: process.platform === 'darwin' ? 'dml' : 'coreml', id: 0 };

const model = () => onnxOf(DEMO_MODEL, [{ name: 'logits' }]).onnx;

describe('openSession', () => {
  it('falls back to the CPU when a chosen device cannot load the model, and reports why', async () => {
    const skipped = [{ name: 'cuda', reason: 'no NVIDIA driver' }] as const;
    const opened = await openSession(model(), { device: ABSENT, chosen: true, skipped }, 1);
    try {
      assert.equal(opened.device, CPU);
      assert.equal(opened.skipped.length, 2);
      assert.equal(opened.skipped[1]?.name, ABSENT.name);
      assert.match(opened.skipped[1]?.reason ?? '', /backend not found/);
      const { outputs } = await opened.session.run(new Uint8Array(128 * 128 * 3), [1, 128, 128, 3]);
      assert.deepEqual(outputs.logits?.shape, [1, 16]);
    } finally {
      await opened.session.close();
    }
  });

  it('does not fall back from a requested device', async () => {
    const opening = openSession(model(), { device: ABSENT, chosen: false, skipped: [] }, 1);
    const closed = opening.then(({ session }) => session.close());
    await assert.rejects(closed, (error) => {
      assert.ok(error instanceof DeviceError);
      assert.match(error.message, new RegExp(`^--device ${ABSENT.name}: .*backend not found`));
      return true;
    });
  });

  it('tries no device once the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const opening = openSession(model(), { device: ABSENT, chosen: false, skipped: [] }, 1, signal);
    await assert.rejects(opening, /^Error: enough$/);
  });

  it('blames the model when the CPU cannot load it either', async () => {
    const damaged = () => new Uint8Array(100).fill(7);
    for (const device of [CPU, ABSENT])
      await assert.rejects(openSession(damaged(), { device, chosen: true, skipped: [] }, 1), SessionError);
  });
});
