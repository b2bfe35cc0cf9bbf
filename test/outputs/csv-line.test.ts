import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import { csvLine, csvNames, csvNumbersLine, emptyCells, failureCell } from '../../src/outputs/csv-line.js';
import { between, mulberry32, type Random } from '../../src/random.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';

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
    ["it's", '"it\'s"'], // for DuckDB; see csv-line.ts
    ['\ufeffa', '\ufeffa'],
  ] as const;
  for (const [cell, text] of cells) {
    it(`writes ${JSON.stringify(cell)} as ${JSON.stringify(text)}`, () => {
      assert.equal(csvLine([cell, 'next']), `${text},next\n`);
    });
  }
});

describe('csvLine, safe for spreadsheets', () => {
  const cells = [
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@a', `"'@a"`],
    ['\ta', `"'\ta"`],
    ['\ra', `"'\ra"`],
    ['\na', `"'\na"`],
    ['＝1', `"'＝1"`],
    ['＋1', `"'＋1"`],
    ['－1', `"'－1"`],
    ['＠a', `"'＠a"`],
    ['=HYPERLINK("x";1)', `"'=HYPERLINK(""x"";1)"`],
    ['a=1', '"a=1"'],
    ['a;=1', '"a;=1"'], // quotes keep it in one cell even with semicolons as separators
    [-1, '-1'],
    [NaN, 'NaN'],
    ['', ''],
  ] as const;
  for (const [cell, text] of cells) {
    it(`writes ${JSON.stringify(cell)} as ${JSON.stringify(text)}`, () => {
      assert.equal(csvLine([cell, 1], { safe: true }), `${text},1\n`);
    });
  }
});

/** Returns text of characters that CSV readers treat specially, and of some that they do not. */
function hostileText(random: Random): string {
  const pieces = [
    '"',
    ',',
    '\n',
    '\r',
    "'",
    ' ',
    '\t',
    '\\',
    ';',
    '=',
    '-',
    '\ufeff',
    '\u2028',
    '\u0085',
    '😀',
    'a',
    '1',
  ];
  const piece = () => pieces[Math.floor(between(random, 0, pieces.length))] ?? '';
  return Array.from({ length: between(random, 0, 8) }, piece).join('');
}

describe('csv-parse', () => {
  it('reads back every file of hostile cells', () => {
    const random = mulberry32(20261125);
    for (let file = 0; file < 400; file++) {
      const width = Math.floor(between(random, 2, 6));
      const records = Array.from({ length: between(random, 1, 12) }, () =>
        Array.from({ length: width }, () => hostileText(random)),
      );
      assert.deepEqual(parse(records.map((cells) => csvLine(cells)).join('')), records);
      const safe = records.map((cells) => csvLine(cells, { safe: true })).join('');
      const harmless = (cell: string) => (/^[-=\t\r\n]/.test(cell) ? `'${cell}` : cell);
      assert.deepEqual(
        parse(safe),
        records.map((cells) => cells.map(harmless)),
      );
    }
  });

  it('reads back every hostile name', () => {
    const records = HOSTILE_NAMES.map((name, i) => [name, `${i}`, name, '']);
    assert.deepEqual(parse(records.map((cells) => csvLine(cells)).join('')), records);
  });
});

describe('csvNames', () => {
  const paths = (text: string, at: number, safe = true) => csvNames(text, at, { safe }).map(({ id }) => id);

  it('returns all paths that the first record may stand for', () => {
    for (const name of HOSTILE_NAMES) {
      for (const safe of [false, true]) {
        const line = csvLine([3, name, ''], { safe });
        assert.ok(paths(line + line, 1, safe).includes(name), JSON.stringify(name));
      }
    }
    assert.deepEqual(paths(csvLine(['=1', 'a'], { safe: true }), 0), ["'=1", '=1']);
    assert.deepEqual(paths("'a,b", 0, false), ["'a"]);
    assert.deepEqual(paths("'=a,b", 0, false), ["'=a"]);
  });

  it('returns the kept columns with the path', () => {
    const style = { columns: ['label', 'size'] };
    assert.deepEqual(csvNames('a.jpg,"a, b",3,\n', 0, style), [
      { id: 'a.jpg', columns: { label: 'a, b', size: '3' } },
    ]);
    for (const label of HOSTILE_NAMES) {
      for (const safe of [false, true]) {
        const line = csvLine(['=a', label, 3, ''], { safe });
        const columns = csvNames(line, 0, { ...style, safe }).map((name) => name.columns);
        assert.ok(
          columns.some((one) => one?.label === label && String(one.size) === '3'),
          JSON.stringify(label),
        );
      }
    }
  });

  it('reads many ambiguous cells in bounded time', () => {
    const columns = Array.from({ length: 200 }, (_, i) => `c${i}`);
    const line = csvLine(['a', ...columns.map(() => '=1')], { safe: true });
    assert.ok(csvNames(line, 0, { columns, safe: true }).length <= 64);
  });

  for (const text of ['a,b\nc\n', '"a,b\n', 'a"b,c\n', '"a"b,c\n']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => csvNames(text, 0, {}), { name: 'FormatError' });
    });
  }
});

describe('csvNumbersLine', () => {
  it('writes the same line as csvLine', () => {
    const numbers = [0.5, -1e-7, NaN, 12];
    for (const after of [[''], ['', 'a,b'], emptyCells(3)]) {
      for (const style of [{}, { safe: true }]) {
        const expected = csvLine(['=a"b', 'stage1', ...numbers, ...after], style);
        assert.equal(csvNumbersLine(['=a"b', 'stage1'], numbers, after, style), expected);
      }
    }
  });
});

describe('failureCell', () => {
  it('joins the code and the message', () => {
    assert.equal(failureCell({ code: 'not_found', message: 'no such file' }), 'not_found: no such file');
  });
});
