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
});
