import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FileItem } from '../../src/file-item.js';
import { decodeImage } from '../../src/images/decode.js';
import type { Interpolation, Preprocessing } from '../../src/images/geometry.js';
import { HALONET, imageFile, largestDifference, meanDifference, rasterOf } from '../images/support.js';

/** A row of cases.json; see make_crops.py. */
interface Case {
  readonly file: string;
  readonly height: number;
  readonly width: number;
  readonly pct: number;
  readonly mode: Preprocessing['cropMode'];
  readonly interpolation: Interpolation;
}

// Largest differences accepted, on a scale of 0 to 255, for decoders that give equal pixels.
const MEAN = 0.005;
const LARGEST = 1;

const folder = process.env.HALONET_CROPS;
if (folder === undefined) throw new Error('HALONET_CROPS is not set: run test/pillow/check.sh');

describe("Pillow's crops", () => {
  const cases: readonly Case[] = JSON.parse(readFileSync(`${folder}/cases.json`, 'utf8'));
  const kinds = new Set(cases.map(({ file }) => kindOf(file)));
  let equal = 0;

  it('cover more than 100 cases', () => assert.ok(cases.length > 100, `${cases.length} cases`));

  for (const kind of kinds) {
    const ofKind = cases.filter(({ file }) => kindOf(file) === kind);
    it(`match ${ofKind.length} decoded images: ${kind}`, async () => {
      for (const { file, height, width, pct, mode, interpolation } of ofKind) {
        const settings = {
          ...HALONET,
          height,
          width,
          cropPct: pct,
          cropMode: mode,
          interpolation,
        };
        const image = await decodeImage(new FileItem(`${folder}/${file}`), settings);
        assert.ok(image.status === 'ok', `${file}: ${image.status === 'failed' && image.failure.message}`);
        const { data } = await rasterOf(imageFile(`${folder}/${file}.crop.png`));
        const [mean, largest] = [meanDifference(image.pixels, data), largestDifference(image.pixels, data)];
        assert.ok(mean <= MEAN && largest <= LARGEST, `${file}: mean ${mean}, largest ${largest}`);
        if (largest === 0) equal++;
      }
    });
  }

  after(() => console.log(`    ${equal} of ${cases.length} crops are equal to the last bit`));
});

/** `jpeg-420` of `03-120x80-jpeg-420.jpg`. */
function kindOf(file: string): string {
  return /^\d+-\d+x\d+-(.+)\.\w+$/.exec(file)?.[1] ?? file;
}
