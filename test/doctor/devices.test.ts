import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineDevices } from '../../src/doctor/devices.js';

describe('examineDevices', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const webgpu = async () => {
    const host = { platform: 'linux', arch: 'x64', env: {}, root };
    return (await examineDevices({ host, threads: 1 })).find(({ name }) => name === 'webgpu');
  };

  it('advises no library for WebGPU on a machine without a GPU', async function () {
    const bare = await webgpu();
    if (bare?.status !== 'absent') this.skip(); // this machine has one
    assert.deepEqual(
      [bare.reason, bare.detail, bare.hint],
      [
        'no GPU, no Vulkan loader',
        'there is no GPU, and the Vulkan loader libvulkan.so.1 is not installed',
        undefined,
      ],
    );
    await mkdir(join(root, 'dev', 'dri'), { recursive: true });
    await writeFile(join(root, 'dev', 'dri', 'renderD128'), '');
    const withGpu = await webgpu();
    assert.ok(withGpu?.status === 'absent');
    assert.equal(withGpu.reason, 'no Vulkan loader');
    assert.match(withGpu.hint ?? '', /^Install it: apt-get install libvulkan1/);
  });
});
