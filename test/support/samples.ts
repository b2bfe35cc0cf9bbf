import { cp, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './root.js';

const SAMPLES = join(ROOT, 'fixtures/images');

const isDrawing = (path: string) => extname(path) === '.svg';

/**
 * Provides the 16 sample images to the tests of one `describe`, 11 in its folder `shapes` and 5 in `textures`. The two
 * SVG drawings are converted to PNG: SVG is decoded in a separate process, which takes longer to start than decoding
 * the others.
 */
export function sampleImages() {
  let folder = '';
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-samples-')));
    await cp(SAMPLES, folder, { recursive: true, filter: (path) => !isDrawing(path) });
    const names = await readdir(SAMPLES, { recursive: true });
    for (const name of names.filter(isDrawing)) {
      await sharp(await readFile(join(SAMPLES, name))).toFile(join(folder, name.replace(/svg$/, 'png')));
    }
  });
  after(() => rm(folder, { recursive: true }));
  return {
    get all(): string {
      return folder;
    },
    get shapes(): string {
      return join(folder, 'shapes');
    },
    times: (count: number): readonly string[] => Array.from({ length: count }, () => folder),
  };
}
