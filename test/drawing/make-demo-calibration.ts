/**
 * Measures the demo model for int8 on drawings made only for this, and stores the result beside its weights, where
 * `--model demo --precision int8` finds it. Run it again when the graph of the demo model changes.
 *
 *     npm run build && node dist/test/drawing/make-demo-calibration.js
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { FileItem } from '../../src/file-item.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { decodeImage } from '../../src/images/decode.js';
import { calibrated } from '../../src/models/int8/int8.js';
import { openModel } from '../../src/models/open-model.js';
import { preprocessingOf } from '../../src/models/preprocessing.js';
import { between, mulberry32 } from '../../src/random.js';
import { CLASS_NAMES, drawSvg } from './draw.js';

const PER_CLASS = 4;
const FIRST_SEED = 4_000_000; // far from the seeds of drawings() and of fixtures/images
const SIDES = [112, 320] as const; // pixels, from and to

/** Draws the images into a folder; returns their paths. */
async function draw(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const [index, className] of CLASS_NAMES.entries()) {
    for (let i = 0; i < PER_CLASS; i++) {
      const random = mulberry32(FIRST_SEED + index * PER_CLASS + i);
      const [width, height] = [Math.round(between(random, ...SIDES)), Math.round(between(random, ...SIDES))];
      const path = join(folder, `${className}-${i}.png`);
      await sharp(Buffer.from(drawSvg(className, random, { width, height })))
        .removeAlpha()
        .png()
        .toFile(path);
      paths.push(path);
    }
  }
  return paths;
}

/** Measures the demo model, and removes stale calibrations. */
async function measure(paths: readonly string[]): Promise<void> {
  const source = await openModel('demo', { hub: hubSettingsFromEnv({}, tmpdir()) });
  const preprocessing = preprocessingOf(source.config.pretrained, { autoOrient: false, decode: 'exact' });
  const measured = await calibrated(
    source,
    {},
    {
      images: async () => paths.map((path) => new FileItem(path)),
      decode: (item) => decodeImage(item, preprocessing),
      threads: 1,
      fresh: true,
      keeps: true,
    },
  );
  if (measured?.notKept !== undefined || measured === undefined)
    throw new Error(measured?.notKept ?? 'no images');
  const { path, calibration } = measured;
  const old = (await readdir(dirname(path))).filter(
    (name) => name.includes('.int8-') && name !== basename(path),
  );
  await Promise.all(old.map((name) => rm(join(dirname(path), name))));
  const { sameTop1, similarity } = calibration.agreement;
  console.log(`${path}: ${sameTop1} of ${calibration.images} the same, similarity ${similarity.toFixed(4)}`);
}

const folder = await mkdtemp(join(tmpdir(), 'halonet-calibration-'));
try {
  await measure(await draw(folder));
} finally {
  await rm(folder, { recursive: true });
}
