import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDevice } from '../../src/devices/choose-device.js';
import type { Host } from '../../src/runtime/devices.js';
import { missingPiece } from '../../src/runtime/preconditions.js';
import { probeDevice } from '../../src/runtime/probe.js';
import { chain } from '../support/chain.js';

const WEBGPU = { name: 'webgpu', id: 0 } as const;
const { platform, arch, env } = process;

describe('choosing a device with a software Vulkan driver', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
    await mkdir(join(root, 'dev/dri'), { recursive: true });
    await writeFile(join(root, 'dev/dri/renderD128'), ''); // as on a machine with a GPU
  });
  after(() => rm(root, { recursive: true }));

  it('does not choose WebGPU by itself if it is slower than the CPU', async () => {
    const host: Host = { platform, arch, env, root };
    assert.equal(missingPiece(WEBGPU, host), undefined);
    const { device, skipped } = await chooseDevice({ name: 'auto', id: 0 }, { host, threads: 1 });
    assert.equal(device.name, 'cpu');
    const webgpu = skipped.find(({ name }) => name === 'webgpu');
    assert.match(webgpu?.reason ?? '', /^\d+\.\d times slower than the CPU$/);
  });

  // Vulkan guarantees sines only between -π and π.
  it("refuses a device whose results differ from the CPU's, such as sines of numbers beyond 1e15", async () => {
    const probing = probeDevice({
      ...chain('square', 'square', 'square', 'Sin'),
      device: WEBGPU,
      threads: 1,
    });
    await assert.rejects(probing, /computes wrong results: off by \d/);
  });

  it('uses WebGPU on request, even if its files are not found', async () => {
    const host: Host = { platform, arch, env: {}, root };
    assert.equal(missingPiece(WEBGPU, host)?.reason, 'no Vulkan loader');
    const choice = await chooseDevice(WEBGPU, { host, threads: 1 });
    assert.deepEqual(choice, { device: WEBGPU, chosen: false, skipped: [] });
  });
});
