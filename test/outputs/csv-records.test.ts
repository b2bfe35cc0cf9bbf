import assert from 'node:assert/strict';
import { FormatError } from '../../src/errors.js';
import { csvLine, splitLastCell, withLastCell } from '../../src/outputs/csv-line.js';
import { csvRecords } from '../../src/outputs/csv-records.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';

async function* cut(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.subarray(at, at + length);
}

async function recordsOf(text: string, length: number): Promise<readonly string[]> {
  const records: string[] = [];
  for await (const record of csvRecords(cut(text, length))) records.push(record);
  return records;
}

describe('CSV records', () => {
  const lines = HOSTILE_NAMES.map((name, i) => csvLine([i, name, 'x']));

  it('are cut at line feeds outside quotes, wherever the pieces end', async () => {
    for (const length of [1, 2, 3, 7, 1000]) assert.deepEqual(await recordsOf(lines.join(''), length), lines);
    assert.deepEqual(await recordsOf('', 1), []);
  });

  it('are damaged without the last line feed', async () => {
    await assert.rejects(recordsOf('a,b\nc', 2), FormatError);
    await assert.rejects(recordsOf('a,"b\n', 2), FormatError);
  });
});

describe('the last cell of a record', () => {
  for (const safe of [false, true]) {
    it(`is added and taken off${safe ? ', also in CSV that is safe for spreadsheets' : ''}`, () => {
      for (const name of [...HOSTILE_NAMES, '', '=1', "it's"]) {
        if (name.startsWith("'")) continue; // stems do not
        for (const before of [csvLine([0, name, ''], { safe }), csvLine([0, '', name], { safe })]) {
          const record = withLastCell(before, name, { safe });
          assert.equal(record.split(before.slice(0, -1))[0], '');
          assert.deepEqual(splitLastCell(record, { safe }), { rest: before, cell: name });
        }
      }
    });
  }
});
