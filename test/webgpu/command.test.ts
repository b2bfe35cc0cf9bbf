import assert from 'node:assert/strict';
import type { Examination } from '../../src/doctor/examination.js';
import { halonet } from '../support/cli.js';

describe('the command line on WebGPU', () => {
  it('predicts the same classes as the CPU, row by row', async () => {
    const classify = async (device: string) => {
      const args = [
        'classify',
        'fixtures/images',
        '-m',
        'demo',
        '-k',
        '1',
        '-f',
        'jsonl',
        '--device',
        device,
      ];
      const { code, stdout, stderr } = await halonet(args);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /^device: .*\(/m, 'every operator runs on it');
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const [webgpu, cpu] = [await classify('webgpu'), await classify('cpu')];
    assert.equal(webgpu.length, 16);
    for (const [i, { path, predictions }] of cpu.entries()) {
      assert.equal(webgpu[i].path, path);
      assert.equal(webgpu[i].predictions[0].index, predictions[0].index, path);
      assert.ok(Math.abs(webgpu[i].predictions[0].score - predictions[0].score) < 1e-4, path);
    }
  });

  it('reports WebGPU as working in halonet doctor', async () => {
    const { stdout, code } = await halonet(['doctor', '--json']);
    assert.equal(code, 0);
    const { devices }: Examination = JSON.parse(stdout);
    const webgpu = devices.find(({ name }) => name === 'webgpu');
    assert.ok(webgpu?.status === 'works');
    assert.ok(webgpu.error > 0 && webgpu.error < 1e-5, `${webgpu.error}`);
    assert.equal(webgpu.mixed, false);
  });
});
