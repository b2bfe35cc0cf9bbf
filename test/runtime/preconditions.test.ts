import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { GpuName, Host } from '../../src/runtime/devices.js';
import { hasGpu, missingPiece } from '../../src/runtime/preconditions.js';

const CACHE = 'etc/ld.so.cache';
const LOADER = 'libvulkan.so.1 (libc6,x86-64)\0libvulkan.so.1\0/usr/lib/libvulkan.so.1\0';
const MANIFEST = 'usr/share/vulkan/icd.d/radeon_icd.x86_64.json';

describe('GPU preconditions', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const linux = (env: Host['env'] = {}): Host => ({ platform: 'linux', arch: 'x64', env, root });
  const reasonFor = (name: GpuName, host: Host, id = 0) => missingPiece({ name, id }, host)?.reason;
  const place = async (path: string, content = '') => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };

  it('report a missing Vulkan loader first, then a missing driver', async () => {
    assert.equal(reasonFor('webgpu', linux()), 'no Vulkan loader');
    await place(CACHE, LOADER.replaceAll('libvulkan.so.1', 'libvulkan.so.2'));
    assert.equal(reasonFor('webgpu', linux()), 'no Vulkan loader');
    await place(CACHE, LOADER);
    assert.equal(reasonFor('webgpu', linux()), 'no Vulkan driver');
    await place('usr/share/vulkan/icd.d/README');
    assert.equal(reasonFor('webgpu', linux()), 'no Vulkan driver');
    await place(MANIFEST);
    assert.equal(reasonFor('webgpu', linux()), undefined);
  });

  it('accept a loader and drivers that environment variables point to', async () => {
    await place('opt/libvulkan.so.1');
    await place('opt/icd.json');
    const loader = { LD_LIBRARY_PATH: `/nowhere:${join(root, 'opt')}` };
    assert.equal(reasonFor('webgpu', linux(loader)), 'no Vulkan driver');
    for (const variable of ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES'])
      assert.equal(
        reasonFor('webgpu', linux({ ...loader, [variable]: join(root, 'opt/icd.json') })),
        undefined,
      );
    await place(MANIFEST); // ignored if VK_DRIVER_FILES names drivers
    assert.equal(
      reasonFor('webgpu', linux({ ...loader, VK_DRIVER_FILES: '/nowhere.json' })),
      'no Vulkan driver',
    );
  });

  it('report a missing NVIDIA driver, then the CUDA library that npm does not install', async () => {
    assert.equal(reasonFor('cuda', linux()), 'no NVIDIA driver');
    for (const node of ['dev/nvidiactl', 'dev/dxg']) {
      await place(node);
      const missing = missingPiece({ name: 'cuda', id: 0 }, linux());
      assert.equal(missing?.reason, 'its provider library is not installed');
      assert.match(
        missing?.hint ?? '',
        /^It also needs CUDA 12 and cuDNN 9\. .*node \S+install\.js --onnxruntime-node-install$/,
      );
      await rm(join(root, node));
    }
  });

  it('report a platform that the provider is not packaged for', () => {
    const hosts = { windows: ['win32', 'x64'], mac: ['darwin', 'arm64'], arm: ['linux', 'arm64'] } as const;
    const on = (name: GpuName, [platform, arch]: (typeof hosts)[keyof typeof hosts]) =>
      reasonFor(name, { platform, arch, env: {}, root });
    assert.equal(on('dml', hosts.windows), undefined);
    assert.equal(on('webgpu', hosts.windows), undefined);
    assert.equal(on('coreml', hosts.mac), undefined);
    assert.equal(on('webgpu', hosts.mac), undefined);
    assert.equal(on('coreml', hosts.windows), 'not on win32 x64');
    assert.equal(on('cuda', hosts.windows), 'not on win32 x64');
    assert.equal(on('dml', hosts.mac), 'not on darwin arm64');
    assert.equal(on('webgpu', hosts.arm), 'not on linux arm64');
    assert.equal(reasonFor('dml', linux()), 'not on linux x64');
  });

  it('report a --device-id for a provider that cannot choose a GPU', () => {
    const windows: Host = { platform: 'win32', arch: 'x64', env: {}, root };
    assert.equal(reasonFor('dml', windows, 2), undefined);
    assert.equal(reasonFor('webgpu', windows, 2), 'has no --device-id 2');
  });

  it('detect a GPU on Linux by its device files', async () => {
    assert.equal(hasGpu(linux()), false);
    await place('dev/dri/card0'); // a display without a GPU
    assert.equal(hasGpu(linux()), false);
    for (const node of ['dev/dri/renderD128', 'dev/nvidiactl', 'dev/dxg']) {
      await place(node);
      assert.equal(hasGpu(linux()), true, node);
      await rm(join(root, node));
    }
  });
});
