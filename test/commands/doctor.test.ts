import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Examination } from '../../src/doctor/examination.js';
import { halonet } from '../support/cli.js';

describe('halonet doctor', () => {
  let home = '';
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'halonet-home-'));
    const repo = join(home, 'hub/models--timm--halonet26t.a1h_in1k');
    await mkdir(join(repo, 'blobs'), { recursive: true });
    await mkdir(join(repo, 'refs'));
    await writeFile(join(repo, 'blobs/abc'), new Uint8Array(1500));
    await writeFile(join(repo, 'refs/main'), 'x'.repeat(40));
  });
  after(() => rm(home, { recursive: true }));
  // Hides any Vulkan driver: a software one takes long.
  const environment = () => ({
    HF_HOME: home,
    HF_TOKEN: 'hf_secret',
    VK_DRIVER_FILES: '/nowhere.json',
    UV_THREADPOOL_SIZE: '1',
  });

  it('reports as JSON what it tried', async () => {
    const { code, stdout, stderr } = await halonet(['doctor', '--json'], { env: environment() });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const found: Examination = JSON.parse(stdout);
    assert.equal(found.versions.node, process.versions.node);
    assert.match(found.versions['onnxruntime-node'], /^1\.\d+\.\d+$/);
    const [cpu, ...gpus] = found.devices;
    assert.ok(cpu?.status === 'works' && cpu.flops > 0 && cpu.error === 0);
    assert.deepEqual(
      gpus.map(({ name }) => name),
      ['cuda', 'webgpu', 'dml', 'coreml'],
    );
    for (const gpu of gpus)
      if (gpu.status === 'absent') assert.ok(gpu.reason.length > 5 && gpu.detail.length > 5);
    assert.ok('read' in found.images);
    assert.deepEqual(found.images.read, [
      'JPEG',
      'PNG',
      'WebP',
      'GIF',
      'AVIF',
      'TIFF',
      'SVG',
      'BMP',
      'ICO',
      'PNM',
      'QOI',
      'TGA',
      'JPEG 2000',
      'HEIC',
    ]);
    assert.deepEqual(found.images.failing, []);
    assert.deepEqual(found.images.missing, []);
    assert.ok(found.images.unread.includes('JPEG XL'));
    assert.equal(found.cache.folder, join(home, 'hub'));
    assert.deepEqual(found.cache.models, [{ repo: 'timm/halonet26t.a1h_in1k', bytes: 1540 }]);
    assert.equal(found.environment.HF_TOKEN, '(set)');
    assert.equal(found.environment.UV_THREADPOOL_SIZE, '1');
    assert.equal(found.environment.ORT_DISABLE_TELEMETRY, undefined, 'nobody set it');
    assert.match(found.advice.join('\n'), /UV_THREADPOOL_SIZE is 1/);
    assert.doesNotMatch(stdout, /hf_secret/);
  });

  it('reports as text what it tried', async () => {
    const { code, stdout } = await halonet(['doctor'], { env: environment() });
    assert.equal(code, 0);
    for (const line of [
      /^Versions {5}halonet \d+\.\d+\.\d+, Node \S+, onnxruntime-node 1\.\S+, sharp \S+, libvips \S+$/m,
      /^CPU {10}\S/m,
      /^Images {7}read: JPEG, PNG, WebP, GIF, AVIF, TIFF, SVG, BMP, ICO, PNM, QOI, TGA, JPEG 2000, HEIC$/m,
      /^cpu +[\d.]+ +- +- {2}works$/m,
      /^cuda +(-|[\d.]+) .*\S$/m,
      /^Models {7}timm\/halonet26t\.a1h_in1k, 1\.5 kB$/m,
      /^Advice {7}.*UV_THREADPOOL_SIZE is 1/m,
    ])
      assert.match(stdout, line);
    for (const line of stdout.split('\n')) assert.equal(line, line.trimEnd());
  });

  it('reports a device whose driver crashed, and exits with code 2', async () => {
    // Aborts the process that tries a device.
    const { code, stdout } = await halonet(['doctor'], {
      env: {
        ...environment(),
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(DIES_IN_CHILDREN)}`,
      },
    });
    assert.equal(code, 2);
    assert.match(stdout, /^cpu +- +- +- {2}its driver crashed$/m);
    assert.match(stdout, /No model can be run: .*crashed \(SIGABRT\)/);
  });
});

const DIES_IN_CHILDREN = 'if (process.send) process.abort()';
