import assert from 'node:assert/strict';
import { classifyLayout } from '../../src/outputs/classify-layout.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { featuresLayout } from '../../src/outputs/features-layout.js';
import type { Format } from '../../src/outputs/formats/format.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { type OutputLayout, textFile } from '../../src/outputs/layout.js';
import type { FailedRow, OkRow } from '../../src/rows.js';
import { nameKey } from '../../src/runs/ledger.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';
import { failed, float32, ok } from './scratch.js';

const OUTPUTS = {
  probabilities: float32([0.25, 0.75]),
  embedding: float32([-1.5, 1e-30]),
  stage1: float32([3]),
  stage2: float32([-4, 5]),
};

/** The layouts of all commands. */
function layouts(format: Format, csvSafe: boolean, columns: readonly string[]): readonly OutputLayout[] {
  const labels = ['a "cat", or two', "=dog's"];
  const stages = [
    { name: 'stage1', shape: [1] },
    { name: 'stage2', shape: [2] },
  ];
  return [
    classifyLayout({ format, scores: 'probabilities', labels, csvSafe, columns }),
    embedLayout({ format, shape: [2], dtype: 'float32', csvSafe, columns }),
    featuresLayout({ format, stages, dtype: 'float32', csvSafe, columns }),
  ];
}

describe('a stored row', () => {
  for (const format of Object.values(FORMATS)) {
    for (const csvSafe of format === FORMATS.jsonl ? [false] : [false, true]) {
      it(`can be renamed as if written under the new path: ${format.name}${csvSafe ? ', CSV-safe' : ''}`, () => {
        const names = [...HOSTILE_NAMES, 'photos/a.jpg', './photos/a.jpg'];
        for (const layout of layouts(format, csvSafe, [])) {
          const { encode, renamed } = textFile(layout).rows;
          const text = (row: FailedRow | OkRow) => Buffer.from(encode(row, 7)).toString();
          for (const [i, name] of names.entries()) {
            const other = names.at(-1 - i) ?? '';
            for (const rowOf of [(path: string) => ok(path, OUTPUTS), failed])
              assert.equal(renamed(text(rowOf(name)), { id: other }), text(rowOf(other)));
          }
        }
      });

      it(`can get other columns: ${format.name}${csvSafe ? ', CSV-safe' : ''}`, () => {
        const columns = ['label', 'n', 'flag', 'none'];
        const values = HOSTILE_NAMES.map((label, n) => ({ label, n, flag: n % 2 === 0, none: null }));
        for (const layout of layouts(format, csvSafe, columns)) {
          const { encode, names, renamed } = textFile(layout).rows;
          const text = (row: FailedRow | OkRow) => Buffer.from(encode(row, 7)).toString();
          for (const [i, one] of values.entries()) {
            const other = values.at(-1 - i) ?? one;
            for (const rowOf of [(path: string) => ok(path, OUTPUTS), failed]) {
              const before = { ...rowOf('a.jpg'), columns: one };
              const after = { ...rowOf('b, "c".jpg'), columns: other };
              assert.equal(renamed(text(before), after), text(after));
              assert.ok(
                names(text(before)).some((name) => nameKey(name) === nameKey(before)),
                one.label,
              );
            }
          }
        }
      });
    }
  }
});
