import assert from 'node:assert/strict';
import { TooManyFailures } from '../../src/errors.js';
import { type FailureLimit, refuseFailure } from '../../src/job/failure-limit.js';
import type { RowCounts } from '../../src/rows.js';

/** How many images may fail in a row after `before` rows until the next one is refused. */
function allowed(limit: FailureLimit, before: number, most = 1000): number {
  for (let failed = 0; failed < most; failed++) {
    const failures =
      failed === 0 ? {} : { timeout: Math.ceil(failed / 2), truncated: Math.floor(failed / 2) };
    const counts = { rows: before + failed, failures };
    try {
      refuseFailure(limit, counts, 'a.jpg', { code: 'truncated', message: 'ends early' });
    } catch (error) {
      assert.ok(error instanceof TooManyFailures);
      return failed;
    }
  }
  return most;
}

describe('refuseFailure', () => {
  it('allows a fixed number of images to fail, and refuses the next', () => {
    for (const count of [0, 1, 7]) {
      assert.equal(allowed({ count }, 0), count);
      assert.equal(allowed({ count }, 5000), count);
    }
  });

  it('applies a percentage to the rows so far, once there are a hundred', () => {
    assert.equal(allowed({ percent: 0 }, 0), 99); // the hundredth row is the first that counts
    assert.equal(allowed({ percent: 0 }, 99), 0);
    assert.equal(allowed({ percent: 10 }, 90), 10); // 10 of 100
    assert.equal(allowed({ percent: 50 }, 98), 98);
    assert.equal(allowed({ percent: 0.5 }, 998), 5); // 5 of 1003, 6 of 1004
    assert.equal(allowed({ percent: 100 }, 0), 1000);
  });

  it('reports how many failed, how many may, and which was the last', () => {
    const failures = { timeout: 1, truncated: 2 };
    const refuse = (limit: FailureLimit) =>
      refuseFailure(limit, { rows: 199, failures }, 'a b.jpg', { code: 'timeout', message: 'took 3 s' });
    assert.throws(
      () => refuse({ count: 3 }),
      new TooManyFailures(
        'stopped by --max-failures 3: 4 of the first 200 images failed, the latest "a b.jpg" (timeout: took 3 s)',
        { hint: 'Repair or remove it, or allow more failures with --max-failures.' },
      ),
    );
    assert.throws(
      () => refuse({ percent: 1.5 }),
      /^TooManyFailures: stopped by --max-failures 1\.5%: 4 of the first 200 images failed, /,
    );
  });

  it('reports that no image may fail', () => {
    const refuse = (failures: RowCounts['failures']) =>
      refuseFailure({ count: 0 }, { rows: 9, failures }, 'a.jpg', { code: 'timeout', message: 'took 3 s' });
    const hint = 'Repair or remove it, or allow failures with --max-failures.';
    assert.throws(
      () => refuse({}),
      new TooManyFailures('stopped at the first failed image, "a.jpg" (timeout: took 3 s)', { hint }),
    );
    assert.throws(
      () => refuse({ truncated: 1 }), // in a run that allowed failures before
      new TooManyFailures('stopped at a failed image, "a.jpg" (timeout: took 3 s)', { hint }),
    );
  });
});
