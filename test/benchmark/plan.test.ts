import assert from 'node:assert/strict';
import type { BenchmarkOptions } from '../../src/benchmark/options.js';
import { planBenchmark } from '../../src/benchmark/plan.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';

const TRIED = { precisions: undefined, threads: undefined, batchSizes: undefined };

const options: BenchmarkOptions = {
  model: 'demo',
  randomWeights: false,
  images: undefined,
  device: { name: 'cpu', id: 0 },
  tried: TRIED,
  host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
  machine: { decoders: 2, memory: () => ({ resident: 0, available: 1e9 }) },
  hub: hubSettingsFromEnv({}, '/nowhere'),
  effort: { repeats: 1, sampleSeconds: 0, jobSeconds: 0, extent: 'few' },
  cli: { command: 'node', args: [] },
};

describe('the plan of a benchmark', () => {
  it('includes int8 on the CPU', async () => {
    assert.deepEqual((await planBenchmark(options, 'fp32', '/nowhere')).precisions, ['fp32', 'int8']);
  });

  it('refuses fp32 for a model in half precision', async () => {
    const none = planBenchmark({ ...options, tried: { ...TRIED, precisions: ['fp32'] } }, 'fp16', '/nowhere');
    await assert.rejects(none, { message: /half precision already/, hint: /--precisions fp16/ });
  });
});
