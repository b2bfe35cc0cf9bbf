import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import { hubSettingsFromEnv } from '../../../src/hub/settings.js';
import { toInt8 } from '../../../src/model/passes/int8.js';
import { planInt8 } from '../../../src/model/passes/int8-plan.js';
import { toStandardOps } from '../../../src/model/passes/standard-ops.js';
import { openModel } from '../../../src/models/open-model.js';
import { goldensIn } from '../../parity/golden.js';
import { operatorsMadeOf } from '../../support/operators-made-of.js';
import { readBytes } from '../../support/read-npy.js';
import { runOnnx } from '../../support/run-onnx.js';
import { measured } from './measured.js';

// Random weights amplify the rounding of 8 bits: the worst network reaches 0.974, and half of them more than 0.9995.
const LEAST_ALIKE = 0.96;
const MEDIAN_ALIKE = 0.998;

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Converts a golden network to int8, and compares its embeddings of the golden images. */
async function inInt8(folder: string) {
  const source = await openModel(folder, { hub: hubSettingsFromEnv({}, '/nowhere') });
  const floats = toStandardOps(source.build([{ name: 'embedding' }], {}).graph);
  const { data } = await readBytes(`${folder}/pixels.npy`);
  const { outputs, ranges } = await measured(floats, data.slice(), 2);
  const onnx = encodeOnnx(toInt8(floats, ranges));
  const { embedding: rounded = new Float32Array() } = await runOnnx(onnx, data.slice(), 2);
  const similarity = cosine(outputs.embedding ?? new Float32Array(), rounded);
  const convs = [...planInt8(floats).nodes].filter(({ op }) => op === 'Conv').length;
  return { similarity, convs, onnx };
}

describe('networks in int8', () => {
  const similarities: number[] = [];
  for (const directory of ['options', 'architectures']) {
    for (const { folder } of goldensIn(`fixtures/parity/${directory}`)) {
      it(`${basename(folder)} runs exactly its planned convolutions in integers, with similar results`, async () => {
        const { similarity, convs, onnx } = await inInt8(folder);
        assert.ok(convs > 0);
        assert.equal((await operatorsMadeOf(onnx)).QLinearConv, convs);
        assert.ok(similarity > LEAST_ALIKE, `${similarity}`);
        assert.notEqual(similarity, 1);
        similarities.push(similarity);
      });
    }
  }

  it('have a high median similarity', () => {
    assert.ok(similarities.length > 240);
    const median = similarities.sort((a, b) => a - b)[similarities.length >> 1] ?? 0;
    assert.ok(median > MEDIAN_ALIKE, `${median}`);
  });
});
