import assert from 'node:assert/strict';
import { columnsInJson } from '../../src/sources/json-columns.js';

describe('columnsInJson', () => {
  it('keeps integers that a number cannot hold as text', () => {
    const text =
      '{"a":12345678901234567890,"b":-9007199254740993,"c":9007199254740991,"d":0.5000000000000000000,' +
      '"e":1e-20000000000000000000,"f":"12345678901234567890, \\"9007199254740993","g":[12345678901234567890]}';
    assert.deepEqual(columnsInJson(text, 'x'), {
      a: '12345678901234567890',
      b: '-9007199254740993',
      c: 9007199254740991,
      d: 0.5,
      e: 0,
      f: '12345678901234567890, "9007199254740993',
      g: '["12345678901234567890"]',
    });
  });

  it('takes long text, and refuses what is no JSON, however many digits and quotes it has', () => {
    const long = 'x1234567890123456 '.repeat(500_000);
    assert.deepEqual(columnsInJson(JSON.stringify({ a: long }), 'x'), { a: long });
    for (const text of [`{"a":${'1'.repeat(4_000_000)}..`, `{"1234567890123456${'\\"'.repeat(2_000_000)}`])
      assert.throws(() => columnsInJson(text, 'line 3'), /^FormatError: line 3 is not JSON$/);
  });
});
