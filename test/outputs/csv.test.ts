import assert from 'node:assert/strict';
import { csvLine, csvNumbersLine, emptyCells, failureCell } from '../../src/outputs/csv.js';

describe('csvLine', () => {
  const cells = [
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['a\nb', '"a\nb"'],
    ['a\rb', '"a\rb"'],
    ['a\r\nb', '"a\r\nb"'],
    ['=1+1', '=1+1'],
    ['-0.5', '-0.5'],
    ['+x@y', '+x@y'],
    [' ü ', ' ü '],
    [-0.5, '-0.5'],
    [NaN, 'NaN'],
    [0, '0'],
    ['', ''],
  ] as const;
  for (const [cell, text] of cells) {
    it(`writes ${JSON.stringify(cell)} as ${JSON.stringify(text)}`, () => {
      assert.equal(csvLine([cell, 'next']), `${text},next\n`);
    });
  }
});

describe('csvNumbersLine', () => {
  it('is csvLine of the same cells', () => {
    const numbers = [0.5, -1e-7, NaN, 12];
    for (const after of [[''], ['', 'a,b'], emptyCells(3)]) {
      const expected = csvLine(['a"b', 'stage1', ...numbers, ...after]);
      assert.equal(csvNumbersLine(['a"b', 'stage1'], numbers, after), expected);
    }
  });
});

describe('failureCell', () => {
  it('is the code and the message', () => {
    assert.equal(failureCell({ code: 'not_found', message: 'no such file' }), 'not_found: no such file');
  });
});
