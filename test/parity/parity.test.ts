import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';
import { generateCheckpoint } from './generated-weights.js';
import { assertEqualsTimm, compute, computeFolder, type Golden, goldensIn, readGolden } from './golden.js';

const REPARAMETERIZED = 'reparameterized.safetensors';

function parityTests(goldens: readonly Golden[]): void {
  for (const golden of goldens) {
    it(`match timm: ${basename(golden.folder)}`, async () =>
      assertEqualsTimm(golden, await computeFolder(golden)));
    if (!existsSync(`${golden.folder}/${REPARAMETERIZED}`)) continue;
    it(`match timm: ${basename(golden.folder)}, reparameterized by timm`, async () =>
      assertEqualsTimm(golden, await computeFolder(golden, REPARAMETERIZED)));
  }
}

describe('network outputs', () => {
  describe('with each option', () => parityTests(goldensIn('fixtures/parity/options')));
  describe('of architectures at a quarter of their width', () =>
    parityTests(goldensIn('fixtures/parity/architectures')));

  describe('at full size, with generated weights', () => {
    for (const architecture of ['halonet26t', 'halonet50ts']) {
      it(`match timm: ${architecture}`, async () => {
        const golden = readGolden(`fixtures/parity/fullsize/${architecture}`);
        const known = ARCHITECTURES[architecture];
        assert.ok(known);
        const network = {
          source: architecture,
          cfg: known.cfg,
          numClasses: 1000,
          globalPool: undefined,
          outputStride: 32,
          trainedSize: { height: 256, width: 256 },
        };
        await assertEqualsTimm(golden, await compute(golden, network, generateCheckpoint(architecture)));
      });
    }
  });

  const more = process.env.HALONET_GOLDEN;
  if (more !== undefined) {
    for (const directory of ['options', 'architectures']) {
      describe(`for ${directory} in HALONET_GOLDEN`, () => parityTests(goldensIn(`${more}/${directory}`)));
    }
  }
});
