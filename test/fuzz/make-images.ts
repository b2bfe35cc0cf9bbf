/**
 * Recreates mutated images from the numbers that the fuzz test prints:
 *
 *     node dist/test/fuzz/make-images.js SEED FOLDER FIRST [COUNT]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { mutatedImage } from './mutated-image.js';
import { makeSeeds } from './seeds.js';

const [seed = '1', folder = 'mutated', first = '0', count = '1'] = argv.slice(2);
await mkdir(folder, { recursive: true });
const seeds = await makeSeeds();
for (let number = Number(first); number < Number(first) + Number(count); number++) {
  const { name, bytes } = mutatedImage(Number(seed), number, seeds);
  await writeFile(join(folder, name), bytes);
}
