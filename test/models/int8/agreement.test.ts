import assert from 'node:assert/strict';
import { agreementOf, outputsToCompare } from '../../../src/models/int8/agreement.js';
import type { BatchOutputs } from '../../../src/runtime/protocol.js';

/** A batch of outputs, row by row. */
const batch = (outputs: Readonly<Record<string, readonly (readonly number[])[]>>): BatchOutputs =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, rows]) => {
      const data = new Uint8Array(Float32Array.from(rows.flat()).buffer);
      return [name, { dtype: 'float32', shape: [rows.length, rows[0]?.length ?? 0], data }];
    }),
  );

describe('agreementOf', () => {
  const floats = [
    batch({ logits: [[1, 2, 3], [5, 4, 0]], embedding: [[1, 0], [0, 2]] }), // biome-ignore format: rows
    batch({ logits: [[-3, -2, -9]], embedding: [[3, 4]] }),
  ];

  it('gives full agreement for the same outputs', () => {
    assert.deepEqual(agreementOf({ scores: 'logits', features: 'embedding' }, floats, floats), {
      sameTop1: 3,
      similarity: 1,
    });
  });

  it('counts images with the same top class, and averages the cosines', () => {
    const integers = [
      batch({ logits: [[1, 2, 2.5], [4, 5, 0]], embedding: [[0, 7], [0, 1]] }), // biome-ignore format: rows
      batch({ logits: [[-8, -1, -9]], embedding: [[4, 3]] }),
    ];
    const { sameTop1, similarity } = agreementOf(
      { scores: 'logits', features: 'embedding' },
      floats,
      integers,
    );
    assert.equal(sameTop1, 2);
    assert.ok(Math.abs(similarity - (0 + 1 + 24 / 25) / 3) < 1e-7, `${similarity}`);
  });

  it('omits classes without scores, and can compare scores as features', () => {
    assert.deepEqual(agreementOf({ scores: undefined, features: 'embedding' }, floats, floats), {
      sameTop1: undefined,
      similarity: 1,
    });
    const turned = [batch({ logits: [[-1, -2, -3], [-5, -4, 0]] }), batch({ logits: [[3, 2, 9]] })]; // biome-ignore format: rows
    assert.deepEqual(agreementOf({ scores: 'logits', features: 'logits' }, floats, turned), {
      sameTop1: 0,
      similarity: -1,
    });
  });

  it('refuses a missing output', () => {
    assert.throws(
      () => agreementOf({ scores: 'logits', features: 'stage1' }, floats, floats),
      /without its output stage1/,
    );
  });
});

describe('outputsToCompare', () => {
  const output = (name: string, ...shape: number[]) =>
    ({ name, dtype: 'float32', shape: ['batch', ...shape] }) as const;

  it('chooses the embedding, else the scores, else the smallest output', () => {
    const [logits, stage1, stage4] = [
      output('logits', 10),
      output('stage1', 8, 4, 4),
      output('stage4', 16, 1, 1),
    ];
    const embedding = output('embedding', 16);
    assert.deepEqual(outputsToCompare([stage1, logits, embedding]), {
      scores: 'logits',
      features: 'embedding',
    });
    assert.deepEqual(outputsToCompare([stage1, logits]), { scores: 'logits', features: 'logits' });
    assert.deepEqual(outputsToCompare([stage1, stage4]), { scores: undefined, features: 'stage4' });
  });
});
