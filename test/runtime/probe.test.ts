import assert from 'node:assert/strict';
import { CPU, type Device } from '../../src/runtime/devices.js';
import { DeviceError } from '../../src/runtime/failures.js';
import { probeDevice } from '../../src/runtime/probe.js';
import { chain } from '../support/chain.js';

const probe = (op: string, device: Device = CPU) => probeDevice({ ...chain(op), device, threads: 1 });

describe('probeDevice', () => {
  it('accepts a device that computes the same results as the CPU', async () => {
    const result = await probe('Sqrt');
    assert.equal(result.error, 0);
    assert.ok(result.secondsPerImage > 0 && result.cpuSecondsPerImage > 0);
    assert.equal(result.mixed, false);
  });

  it('refuses a device that computes NaN', async () => {
    await assert.rejects(probe('Acos'), (error) => {
      // Acos of numbers above 1 is NaN.
      assert.ok(error instanceof DeviceError);
      assert.equal(error.reason, 'it computes wrong results');
      return true;
    });
  });

  it("refuses a device that cannot be opened, with ONNX Runtime's message", async () => {
    const absent: Device = { name: process.platform === 'darwin' ? 'dml' : 'coreml', id: 0 };
    await assert.rejects(probe('Sqrt', absent), /--device \w+: ONNX Runtime says: .*backend not found/);
  });
});
