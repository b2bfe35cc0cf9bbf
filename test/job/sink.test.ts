import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import type { JobEvent } from '../../src/job/events.js';
import { runJob } from '../../src/job/job.js';
import type { JobOptions } from '../../src/job/options.js';
import type { RowSink } from '../../src/rows.js';
import { elementCount } from '../../src/tensor.js';
import { ROOT } from '../support/cli.js';
import { Collection } from '../support/collection.js';

const IMAGES = join(ROOT, 'fixtures/images'); // 16
const NO_IMAGE = join(ROOT, 'package.json');

function job(sink: RowSink, onEvent: (event: JobEvent) => void): JobOptions {
  return {
    model: { name: 'demo', hub: hubSettingsFromEnv({}, homedir()) },
    images: {
      inputs: [IMAGES, NO_IMAGE],
      stdin: () => assert.fail('no list is asked for'),
      allowEmpty: false,
      counted: true,
      preprocessing: { autoOrient: true, decode: 'exact' },
      decodeSeconds: 60,
    },
    outputs: { requests: [{ name: 'logits' }, { name: 'embedding', dtype: 'float16' }], sink },
    compute: {
      device: { name: 'cpu', id: 0 },
      host: { platform: 'linux', arch: 'x64', env: {}, root: '/' },
      threads: 1,
      batchSize: 4,
      machine: { decoders: 2, memory: () => ({ resident: 0, available: 2 ** 30 }) },
    },
    invocation: { versions: { halonet: 'test', node: 'test' }, command: [], folder: ROOT },
    onEvent,
  };
}

describe('a job with a sink', () => {
  it('passes the sink every row, in order, with the requested tensors', async () => {
    const sink = new Collection();
    const events: JobEvent[] = [];
    const summary = await runJob(job(sink, (event) => events.push(event)));
    assert.equal(sink.ended, 'committed');
    assert.deepEqual([summary.rows, summary.done, summary.failures], [17, 17, { unsupported_format: 1 }]);
    const paths = sink.rows.map(({ id }) => id);
    assert.equal(paths.pop(), NO_IMAGE);
    assert.deepEqual(paths, paths.toSorted());
    const [first] = sink.rows;
    assert.ok(first?.status === 'ok');
    assert.deepEqual(Object.keys(first.outputs).toSorted(), ['embedding', 'logits']);
    assert.equal(first.outputs.embedding?.dtype, 'float16');
    assert.equal(elementCount(first.outputs.logits?.shape ?? []), 16);
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== 'counted' && kind !== 'pulse');
    assert.deepEqual(kinds, ['started', ...Array(17).fill('row'), 'finishing']);
    assert.deepEqual(
      events.find(({ kind }) => kind === 'counted'),
      { kind: 'counted', total: 17 },
    );
  });

  it('leaves the sink unfinished when it fails', async () => {
    const sink = new Collection(2);
    const events: JobEvent[] = [];
    await assert.rejects(runJob(job(sink, (event) => events.push(event))), /enough/);
    assert.equal(sink.ended, 'left');
    assert.equal(sink.rows.length, 2);
    assert.deepEqual(events.filter(({ kind }) => kind !== 'pulse').at(-1), { kind: 'stopped', rows: 0 });
  });
});
