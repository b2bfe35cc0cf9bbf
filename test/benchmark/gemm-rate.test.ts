import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openGemm } from '../../src/benchmark/gemm-rate.js';
import { DeviceError } from '../../src/runtime/failures.js';

const small = { precision: 'fp32', threads: 1, shape: { m: 8, k: 8, n: 8 }, seconds: 0 } as const;

describe('openGemm', () => {
  it('rejects a device that this platform does not have', async () => {
    const device = { name: process.platform === 'darwin' ? 'dml' : 'coreml', id: 0 } as const;
    await assert.rejects(openGemm({ ...small, device }), DeviceError);
  });

  it('leaves nothing open when the first product cannot be computed', () => {
    // 2^46 floats: more than a process can address.
    const gemm = { ...small, device: { name: 'cpu', id: 0 }, shape: { m: 2 ** 23, k: 1, n: 2 ** 23 } };
    const source = new URL('../../src/benchmark/gemm-rate.js', import.meta.url);
    const script = `
      import(${JSON.stringify(source)})
        .then(({ openGemm }) => openGemm(${JSON.stringify(gemm)}))
        .catch(({ message }) => console.log(message));`;
    const { stdout, status } = spawnSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    assert.match(stdout, /could not run a batch/);
    assert.equal(status, 0);
  });
});
