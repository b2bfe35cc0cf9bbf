import assert from 'node:assert/strict';
import type { FileOutput, JobOptions } from '../../src/job/options.js';
import { requestsOf } from '../../src/job/requests.js';
import type { OutputRequest } from '../../src/model/outputs.js';
import { Collection } from '../support/collection.js';

const of = (...each: readonly (readonly OutputRequest[])[]) =>
  requestsOf({
    outputs: {
      outputs: each.map((requests) => ({ requests }) as FileOutput),
    } as unknown as JobOptions['outputs'],
  });

describe('requestsOf', () => {
  it('leaves the requests of a single output as they are', () => {
    const requests = [{ name: 'stage3' }, { name: 'stage4', pool: 'avg' }];
    assert.deepEqual(of(requests), { requests, indices: [[0, 1]] });
    assert.deepEqual(requestsOf({ outputs: { requests, sink: new Collection() } }), {
      requests,
      indices: [[0, 1]],
    });
  });

  it('asks once for a value that several outputs hold, and apart for values that differ', () => {
    const { requests, indices } = of(
      [{ name: 'embedding', normalize: false, dtype: 'float32' }],
      [{ name: 'stage3' }, { name: 'stage4' }],
      [{ name: 'embedding' }],
      [
        { name: 'stage4', pool: 'avg' },
        { name: 'stage3', dtype: 'float32' },
      ],
      [
        { name: 'embedding', normalize: true },
        { name: 'embedding', dtype: 'float16' },
      ],
    );
    assert.deepEqual(indices, [[0], [1, 2], [0], [3, 1], [4, 5]]);
    assert.equal(requests.length, 6);
    assert.deepEqual(requests[3], { name: 'stage4', pool: 'avg' });
  });
});
