import assert from 'node:assert/strict';
import { requestsText, sourcesText, WalkCounts } from '../../src/sources/walk-counts.js';

describe('Walk counts', () => {
  it('say what inputs consist of in their own terms', () => {
    assert.equal(sourcesText({}), undefined);
    assert.equal(sourcesText({ archives: 10, members: 5000 }), '5,000 images in 10 archives');
    assert.equal(
      sourcesText({ lines: 1, archives: 1, members: 1, parquetFiles: 2, rowGroups: 3, parquetRows: 4 }),
      '1 line of a list, 1 image in 1 archive, 4 rows in 3 row groups of 2 Parquet files',
    );
  });

  it('say what reading them took', () => {
    assert.equal(
      sourcesText({ archives: 1, members: 2, bytesRead: 34_567_890 }),
      '2 images in 1 archive, 34.6 MB',
    );
    const requested = { requests: 1234, retries: 0, bytesReceived: 5 };
    assert.equal(sourcesText(requested), undefined);
    assert.equal(requestsText(requested), '1,234, 5 B received');
    assert.equal(requestsText({ ...requested, retries: 1 }), '1,234, 1 of them a retry, 5 B received');
    assert.equal(requestsText({ ...requested, retries: 7 }), '1,234, 7 of them retries, 5 B received');
    assert.equal(requestsText({ archives: 1 }), undefined);
  });

  it('begin again with a walk', () => {
    const counts = new WalkCounts();
    counts.add('archives', 1);
    counts.add('members', 2);
    counts.add('members', 3);
    counts.addSkipped('a.txt');
    assert.deepEqual([counts.sources, counts.skipped], [{ archives: 1, members: 5 }, { '.txt': 1 }]);
    counts.clear();
    assert.deepEqual([counts.sources, counts.skipped], [{}, {}]);
  });
});
