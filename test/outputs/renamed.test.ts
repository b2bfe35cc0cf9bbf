import assert from 'node:assert/strict';
import { classifyLayout } from '../../src/outputs/classify-layout.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { featuresLayout } from '../../src/outputs/features-layout.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import type { OutputFormat } from '../../src/outputs/output-name.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';
import { failed, float32, ok } from './scratch.js';

const OUTPUTS = {
  probabilities: float32([0.25, 0.75]),
  embedding: float32([-1.5, 1e-30]),
  stage1: float32([3]),
  stage2: float32([-4, 5]),
};

/** The layouts of all commands. */
function layouts(format: OutputFormat, csvSafe: boolean): readonly OutputLayout[] {
  const labels = ['a "cat", or two', "=dog's"];
  const stages = [
    { name: 'stage1', shape: [1] },
    { name: 'stage2', shape: [2] },
  ];
  return [
    classifyLayout({ format, scores: 'probabilities', labels, csvSafe }),
    embedLayout({ format, features: 2, dtype: 'float32', csvSafe }),
    featuresLayout({ format, stages, dtype: 'float32', csvSafe }),
  ];
}

describe('a stored row', () => {
  for (const format of ['csv', 'jsonl', 'npy'] as const) {
    for (const csvSafe of format === 'jsonl' ? [false] : [false, true]) {
      it(`under another path is as if it had been written so: ${format}${csvSafe ? ', made safe' : ''}`, () => {
        const names = [...HOSTILE_NAMES, 'photos/a.jpg', './photos/a.jpg'];
        for (const { text } of layouts(format, csvSafe)) {
          for (const [i, name] of names.entries()) {
            const other = names.at(-1 - i) ?? '';
            for (const rowOf of [(path: string) => ok(path, OUTPUTS), failed])
              assert.equal(text.renamed(text.text(rowOf(name), 7), other), text.text(rowOf(other), 7));
          }
        }
      });
    }
  }
});
