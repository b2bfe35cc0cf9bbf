import assert from 'node:assert/strict';
import { hubSettingsFromEnv } from '../../../src/hub/settings.js';
import type { BenchmarkOptions } from '../../../src/pipeline/benchmark/options.js';
import { planFor, planOf } from '../../../src/pipeline/benchmark/plan.js';

const options: BenchmarkOptions = {
  ...{ model: 'demo', randomWeights: false, images: undefined, threads: undefined, batchSizes: undefined },
  ...{ device: { name: 'cpu', id: 0 }, precisions: undefined },
  host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
  machine: { decoders: 2, memory: () => ({ resident: 0, available: 1e9 }) },
  hub: hubSettingsFromEnv({}, '/nowhere'),
  effort: { repeats: 1, sampleSeconds: 0, jobSeconds: 0, extent: 'few' },
  cli: { command: 'node', args: [] },
};

describe('the plan of a benchmark', () => {
  it('has int8 where there are images enough to measure the model on', async () => {
    const plan = await planOf(options, 'fp32', '/nowhere');
    assert.deepEqual(planFor(8, plan, options).precisions, ['fp32', 'int8']);
    const notes: string[] = [];
    const noting = { ...options, onNote: (note: string) => notes.push(note) };
    assert.deepEqual(planFor(7, plan, noting).precisions, ['fp32']);
    assert.match(notes.join(), /at least 8 images .*; there are 7: it is left out/);
  });

  it('refuses int8 where it was asked for, and a precision that the model has lost', async () => {
    const asking = { ...options, precisions: ['fp32', 'int8'] as const };
    const plan = await planOf(asking, 'fp32', '/nowhere');
    assert.throws(() => planFor(7, plan, asking), { message: /there are 7$/, hint: /--precisions fp32/ });
    const none = planOf({ ...options, precisions: ['fp32'] }, 'fp16', '/nowhere');
    await assert.rejects(none, { message: /half precision already/, hint: /--precisions fp16/ });
  });
});
