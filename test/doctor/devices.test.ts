import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lackOf } from '../../src/doctor/devices.js';
import type { Device } from '../../src/runtime/devices.js';
import { DeviceError, PIECES } from '../../src/runtime/failures.js';

describe('lackOf', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const lack = (name: Device['name'], platform = 'linux') => {
    const device = { name, id: 0 };
    const error = new DeviceError(device, PIECES.vulkanLoader());
    return lackOf(error, device, { platform, arch: 'x64', env: {}, root });
  };

  it('names a missing GPU before the driver of WebGPU, and advises to install none', () => {
    assert.deepEqual(lack('webgpu'), {
      reason: 'no GPU, no Vulkan loader',
      detail: 'there is no GPU; the Vulkan loader libvulkan.so.1 is not installed',
      hint: undefined,
    });
  });

  it('keeps the advice with a GPU, for other devices, and where files do not show a GPU', async () => {
    assert.equal(lack('cuda').reason, 'no Vulkan loader');
    assert.equal(lack('webgpu', 'win32').reason, 'no Vulkan loader');
    await mkdir(join(root, 'dev/dri/renderD128'), { recursive: true });
    const { reason, hint } = lack('webgpu');
    assert.equal(reason, 'no Vulkan loader');
    assert.match(hint ?? '', /^Install it: apt-get install libvulkan1/);
  });
});
