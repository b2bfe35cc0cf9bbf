import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDevice } from '../../src/devices/choose-device.js';
import { tryDevice } from '../../src/devices/try-device.js';
import type { Host } from '../../src/runtime/devices.js';
import { DeviceError } from '../../src/runtime/failures.js';

describe('chooseDevice', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
  });
  after(() => rm(root, { recursive: true }));
  const hostOf = (platform: string, arch: string): Host => ({ platform, arch, env: {}, root });
  const auto = { name: 'auto', id: 0 } as const;

  it('chooses the CPU when there is no GPU, and reports why', async () => {
    const choice = await chooseDevice(auto, { host: hostOf('linux', 'x64'), threads: 1 });
    assert.deepEqual(choice, {
      device: { name: 'cpu', id: 0 },
      chosen: true,
      skipped: [
        { name: 'cuda', reason: 'no NVIDIA driver' },
        { name: 'webgpu', reason: 'no GPU' },
      ],
    });
  });

  it('chooses the CPU when the package has no GPU provider', async () => {
    const { device, skipped } = await chooseDevice(auto, { host: hostOf('linux', 'arm64'), threads: 1 });
    assert.deepEqual([device.name, skipped], ['cpu', []]);
  });

  // No file rules out the providers of a Windows host; that this platform's package lacks them, only a session shows.
  it('tries a real session on each device that files do not rule out', async function () {
    if (process.platform === 'win32') this.skip();
    const { device, skipped } = await chooseDevice(
      { name: 'auto', id: 3 },
      { host: hostOf('win32', 'x64'), threads: 1 },
    );
    assert.equal(device.name, 'cpu');
    assert.deepEqual(
      skipped.map(({ name }) => name),
      ['dml', 'webgpu'],
    );
    assert.match(skipped[0]?.reason ?? '', /backend not found/);
    assert.equal(skipped[1]?.reason, 'has no --device-id 3');
  });

  it('takes the requested device without trying it', async () => {
    for (const [name, platform, arch] of [
      ['cpu', 'linux', 'x64'],
      ['coreml', 'darwin', 'arm64'],
      ['dml', 'win32', 'x64'],
    ] as const) {
      const choice = await chooseDevice({ name, id: 0 }, { host: hostOf(platform, arch), threads: 1 });
      assert.deepEqual(choice, { device: { name, id: 0 }, chosen: false, skipped: [] });
    }
  });

  it('refuses a requested device that the platform does not have', async () => {
    const choosing = chooseDevice({ name: 'dml', id: 0 }, { host: hostOf('linux', 'x64'), threads: 1 });
    await assert.rejects(choosing, (error) => {
      assert.ok(error instanceof DeviceError);
      assert.match(error.message, /^--device dml: onnxruntime-node has it for Windows; this is linux x64/);
      assert.match(error.hint ?? '', /cuda or webgpu/);
      return true;
    });
  });

  it('stops trying a device when the signal aborts', async () => {
    const controller = new AbortController();
    const trying = tryDevice({ name: 'coreml', id: 0 }, 1, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(trying, /enough/);
  });
});
