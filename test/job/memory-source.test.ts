import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { runJob } from '../../src/job/job.js';
import type { FileOutputs, JobOptions, JobSummary, SinkOutputs } from '../../src/job/options.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { classifyLayout, embedLayout } from '../../src/outputs/index.js';
import type { OutputMode } from '../../src/runs/plan.js';
import { SOURCES } from '../../src/sources/registry.js';
import type { Source } from '../../src/sources/source.js';
import { photo } from '../images/support.js';
import { Collector } from '../outputs/scratch.js';
import { ROOT } from '../support/cli.js';
import { Collection } from '../support/collection.js';
import { MemoryItem } from '../support/memory-item.js';

const SHELF = 'memory:shelf';

describe('a source of images in memory', () => {
  let folder = '';
  const shelf = new Map<string, MemoryItem>();
  const put = (name: string, bytes: Uint8Array, modified = 0n) =>
    shelf.set(name, new MemoryItem(`${SHELF}/${name}`, bytes, modified, { shelf: name }));

  const memory: Source = {
    name: 'memory',
    takes: ({ name }) => name === SHELF,
    async *items() {
      yield* shelf.values();
    },
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-memory-'));
    for (let i = 0; i < 12; i++)
      put(
        String(i),
        await photo(60 + 5 * i, 50)
          .jpeg()
          .toBuffer(),
      );
    put('no image', Buffer.from('no image'));
    // Decoded in a separate process:
    put('drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'));
  });
  after(() => rm(folder, { recursive: true }));

  function run(
    outputs: FileOutputs | SinkOutputs,
    failureLimit?: { readonly count: number },
  ): Promise<JobSummary> {
    const options: JobOptions = {
      model: { name: 'demo', hub: hubSettingsFromEnv({}, homedir()) },
      images: {
        inputs: [SHELF, join(ROOT, 'fixtures/images/shapes/arrow.png')],
        sources: [memory, ...SOURCES],
        stdin: () => assert.fail('no list is asked for'),
        allowEmpty: false,
        counted: false,
        preprocessing: { autoOrient: true, decode: 'exact' },
        decodeSeconds: 60,
        failureLimit,
      },
      outputs,
      compute: {
        device: { name: 'cpu', id: 0 },
        host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
        threads: 1,
        batchSize: 2,
        machine: { decoders: 2, memory: () => ({ resident: 0, available: 2 ** 30 }) },
      },
      invocation: { versions: { halonet: 'test', node: 'test' }, command: [], folder: ROOT },
    };
    return runJob(options);
  }

  function toFile(name: string, mode: OutputMode): FileOutputs {
    const format = FORMATS.csv;
    return {
      outputs: [
        {
          command: 'embed',
          output: join(folder, name),
          arrangement: format.embed.arrangement,
          requests: [{ name: 'embedding' }],
          layout: ({ shapeOf }) => embedLayout({ format, dtype: 'float32', shape: shapeOf('embedding') }),
        },
      ],
      mode,
      stdout: new Collector(),
      checkpointSeconds: 1000,
      checksSpace: false,
    };
  }
  const rowsOf = async (name: string) => (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');

  it('supports classify, in order, alongside a file and with columns of its items', async () => {
    const sink = new Collection();
    const summary = await run({ requests: [{ name: 'probabilities' }], sink });
    assert.deepEqual(summary.failures, { unsupported_format: 1 });
    assert.deepEqual(
      sink.rows.map(({ id }) => id.replace(`${SHELF}/`, '')),
      [...shelf.keys(), join(ROOT, 'fixtures/images/shapes/arrow.png')],
    );
    assert.deepEqual(
      sink.rows.map(({ columns }) => columns?.shelf),
      [...shelf.keys(), undefined],
    );
    const { jsonl } = FORMATS;
    const labels = Array.from({ length: 16 }, (_, i) => `class ${i}`);
    const classes = toFile('classes.jsonl', 'new');
    const layout = () => classifyLayout({ format: jsonl, scores: 'probabilities', labels, topK: 1 });
    const outputs = classes.outputs.map((one) => ({ ...one, requests: [{ name: 'probabilities' }], layout }));
    await run({ ...classes, outputs });
    const rows = (await rowsOf('classes.jsonl')).map((line) => JSON.parse(line));
    assert.deepEqual(
      rows.map(({ path }) => path),
      sink.rows.map(({ id }) => id),
    );
    assert.equal(rows.filter(({ predictions }) => predictions?.length === 1).length, shelf.size);
  });

  it('supports embed, --resume after a failure has ended the run, and --sync', async () => {
    await run(toFile('whole.csv', 'new'));
    const whole = await rowsOf('whole.csv');
    assert.equal(whole.length, 1 + shelf.size + 1);

    await assert.rejects(run(toFile('cut.csv', 'new'), { count: 0 }), /no image/);
    const resumed = await run(toFile('cut.csv', 'resume'));
    assert.equal(resumed.rows, shelf.size + 1);
    assert.equal(resumed.done, shelf.size + 1 - 12); // the failed one and those after it
    assert.deepEqual(await rowsOf('cut.csv'), whole);

    put('3', await photo(90, 90).png().toBuffer(), 7n);
    shelf.delete('5');
    await assert.rejects(run(toFile('cut.csv', 'resume')), /1 changed, 1 gone/);
    const synced = await run(toFile('cut.csv', 'sync'));
    assert.deepEqual([synced.rows, synced.stored], [shelf.size + 1, shelf.size]);
    const rows = await rowsOf('cut.csv');
    assert.deepEqual(
      rows.filter((row) => !row.startsWith(`${SHELF}/3,`)),
      whole.filter((row) => !/^memory:shelf\/[35],/.test(row)),
    );
    assert.equal((await run(toFile('cut.csv', 'sync'))).done, 0);
  });
});
