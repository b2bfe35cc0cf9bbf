import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { runJob } from '../../src/job/job.js';
import type { JobOptions } from '../../src/job/options.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { embedLayout } from '../../src/outputs/index.js';
import { Collector, inFolder } from '../outputs/scratch.js';
import { ROOT } from '../support/cli.js';
import { copyDemo } from '../support/demo-copy.js';
import { watchFsCalls } from '../support/fs-calls.js';

const FORMAT = FORMATS.csv;

function job(model: string, output: string): JobOptions {
  return {
    model: { name: model, hub: hubSettingsFromEnv({}, homedir()) },
    images: {
      inputs: [join(ROOT, 'fixtures/images/shapes/arrow.png')],
      stdin: () => assert.fail('no list is asked for'),
      allowEmpty: false,
      counted: false,
      preprocessing: { autoOrient: true, decode: 'exact' },
      decodeSeconds: 60,
    },
    outputs: {
      outputs: [
        {
          command: 'embed',
          output,
          arrangement: FORMAT.embed.arrangement,
          requests: [{ name: 'embedding' }],
          layout: ({ shapeOf }) =>
            embedLayout({ format: FORMAT, dtype: 'float32', shape: shapeOf('embedding') }),
        },
      ],
      mode: 'overwrite',
      stdout: new Collector(),
      checkpointSeconds: 1000,
      checksSpace: false,
    },
    compute: {
      device: { name: 'cpu', id: 0 },
      host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
      threads: 1,
      batchSize: 1,
      machine: { decoders: 1, memory: () => ({ resident: 0, available: 2 ** 30 }) },
    },
    invocation: { versions: { halonet: 'test', node: 'test' }, command: [], folder: ROOT },
  };
}

describe('the model file of a job', () => {
  it(
    'appears in the error when it can no longer be read for the manifest',
    inFolder(async (folder) => {
      const model = join(folder, 'model');
      await copyDemo(model, { measured: false });
      const weights = join(model, 'model.safetensors');
      /** Runs the job, failing the `failing`th time that the weights are opened. @returns how often they were opened */
      const run = async (failing?: number): Promise<number> => {
        let count = 0;
        const restore = watchFsCalls(model, ({ kind, path }) => {
          if (kind !== 'open' || path !== weights || ++count !== failing) return undefined;
          return { error: Object.assign(new Error('EIO: injected'), { code: 'EIO' }) };
        });
        await runJob(job(model, join(folder, 'out.csv'))).finally(restore);
        return count;
      };
      const last = await run();
      assert.ok(last > 1);
      await assert.rejects(run(last), {
        name: 'OutputError',
        message: `cannot read ${weights}: injected`,
        hint: 'The disk reports a fault: check it.',
      });
    }),
  );
});
