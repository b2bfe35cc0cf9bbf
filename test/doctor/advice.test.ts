import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adviceFor } from '../../src/doctor/advice.js';
import type { DeviceReport } from '../../src/doctor/devices.js';
import { environmentInEffect } from '../../src/doctor/environment.js';
import type { Examination } from '../../src/doctor/examination.js';
import { canRun } from '../../src/doctor/examine.js';

const works = (name: DeviceReport['name'], flops: number, error = 1e-7): DeviceReport => ({
  name,
  status: 'works',
  error,
  flops,
  cpuFlops: 1e11,
  mixed: false,
});
const absent = (name: DeviceReport['name'], detail = 'missing'): DeviceReport => ({
  name,
  status: 'absent',
  reason: detail,
  detail,
  hint: 'get it',
  obtainable: true,
});

const healthy: Omit<Examination, 'advice'> = {
  versions: { halonet: '1', node: '22', 'onnxruntime-node': '1.30' },
  machine: {
    system: 'Linux 6',
    arch: 'x64',
    cpu: { model: 'CPU', cores: 8, usable: 8, limit: undefined, features: ['AVX2'], int8: '' },
    memory: { total: 8e9, available: 8e9, limit: undefined },
  },
  devices: [works('cpu', 1e11), absent('cuda'), absent('webgpu')],
  images: { sharp: '0.35', libvips: '8', read: ['JPEG'], failing: [], missing: [], unread: [] },
  cache: { folder: '/cache', models: [] },
  environment: { UV_THREADPOOL_SIZE: '10' },
};

describe('adviceFor', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-root-'));
  });
  after(() => rm(root, { recursive: true }));
  const advise = (changes: Partial<Examination>, env: Readonly<Record<string, string>> = {}) =>
    adviceFor({ ...healthy, ...changes }, { platform: 'linux', arch: 'x64', env, root });
  const cpuOf = (changes: Partial<Examination['machine']['cpu']>) => ({
    machine: { ...healthy.machine, cpu: { ...healthy.machine.cpu, ...changes } },
  });

  it('gives no advice when all is well', () => assert.deepEqual(advise({}), []));

  it('warns of a thread pool that is smaller than the machine', () => {
    assert.match(
      advise({ environment: { UV_THREADPOOL_SIZE: '4' } }).join(),
      /^UV_THREADPOOL_SIZE is 4: .*8 cores/,
    );
    assert.deepEqual(advise({ environment: {} }), []);
  });

  it("suggests --threads for a container's share of the CPUs", () => {
    assert.match(advise(cpuOf({ limit: 2.5 })).join(), /time of 2\.5 of 8 CPUs: try --threads 2\b/);
    assert.match(advise(cpuOf({ limit: 0.5 })).join(), /--threads 1\b/);
    assert.deepEqual(advise(cpuOf({ limit: 8 })), []);
  });

  it('points out a GPU that no device can use', async () => {
    await mkdir(join(root, 'dev/dri'), { recursive: true });
    await writeFile(join(root, 'dev/dri/renderD128'), '');
    assert.match(advise({}).join(), /^There is a GPU.*cuda and webgpu/);
    assert.deepEqual(advise({ devices: [works('cpu', 1e11), absent('cuda'), works('webgpu', 1e12)] }), []);
    await rm(join(root, 'dev'), { recursive: true });
  });

  it('warns of a GPU that is slower than the CPU, and of one that rounds to TF32', () => {
    assert.match(advise({ devices: [works('cpu', 1e11), works('webgpu', 1e9)] }).join(), /webgpu is slower/);
    assert.match(
      advise({ devices: [works('cpu', 1e11), works('cuda', 1e13, 5e-4)] }).join(),
      /NVIDIA_TF32_OVERRIDE=0/,
    );
  });

  it('reports what cannot work: models, images, a format, downloads', () => {
    const devices = [absent('cpu', 'no library')];
    assert.match(advise({ devices }).join(), /^No model can be run: no library/);
    assert.equal(canRun({ ...healthy, devices, advice: [] }), false);
    assert.equal(canRun({ ...healthy, advice: [] }), true);
    assert.match(advise({ images: { problem: 'no sharp' } }).join(), /^No image can be read: no sharp/);
    const failing = [{ name: 'AVIF', reason: 'odd' }];
    const images = { sharp: '0.35', libvips: '8', read: [], failing, missing: [], unread: [] };
    assert.match(advise({ images }).join(), /^AVIF images cannot be read, although they should be: odd/);
    assert.match(advise({}, { HF_HUB_OFFLINE: '1' }).join(), /^HF_HUB_OFFLINE/);
  });
});

describe('environmentInEffect', () => {
  it('lists the relevant variables that are set, without secrets', () => {
    const env = {
      HF_HOME: '/x',
      HF_TOKEN: 'hf_secret',
      HTTPS_PROXY: 'http://me:pw@proxy',
      PATH: '/bin',
      HF_ENDPOINT: '',
    };
    assert.deepEqual(environmentInEffect(env), { HF_HOME: '/x', HF_TOKEN: '(set)', HTTPS_PROXY: '(set)' });
  });
});
