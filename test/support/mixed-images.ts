import { copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { mulberry32 } from '../../src/random.js';

const FORMATS = ['png', 'jpeg', 'webp'] as const;

/**
 * Fills a new folder with small images of noise in three formats. Every eighth is bad: empty, truncated, not an image,
 * or a dangling link. Names contain characters that CSV must quote, and are the same for every seed.
 *
 * @param count number of images, bad ones included
 */
export async function fillWithImages(folder: string, count: number, seed: number): Promise<void> {
  await mkdir(join(folder, SUBFOLDER), { recursive: true });
  const random = mulberry32(seed);
  for (let i = 0; i < count; i++) {
    const path = join(folder, nameOf(i));
    const width = 24 + Math.floor(random() * 120); // pixels
    const height = 24 + Math.floor(random() * 120);
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
    const image = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .toFormat(formatOf(i))
      .toBuffer();
    if (!isBad(i)) await writeFile(path, image);
    else await writeBad(path, image, (i >> 3) % 4);
  }
}

/** Removes one and changes one in six images of a filled folder, and adds an eighth as many as there were. */
export async function changeImages(folder: string, count: number, seed: number): Promise<void> {
  const others = `${folder}.others`;
  await fillWithImages(others, count + (count >> 3), seed + 1);
  for (let i = 0; i < count + (count >> 3); i++) {
    const path = join(folder, nameOf(i));
    if (i < count && i % 6 === 1) await rm(path);
    if (i >= count || i % 6 === 3) await rename(join(others, nameOf(i)), path);
  }
  await rm(others, { recursive: true });
}

/** Replaces every second bad image with a good one. */
export async function mendImages(folder: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (!isBad(i) || i % 16 > 8) continue;
    const path = join(folder, nameOf(i));
    await rm(path);
    await copyFile(join(folder, nameOf(i - 1)), path);
  }
}

const SUBFOLDER = 'more, and "more"';

const isBad = (i: number) => i % 8 === 7;
const formatOf = (i: number) => FORMATS[i % FORMATS.length] ?? 'png';

function nameOf(i: number): string {
  const format = formatOf(i);
  const name = i % 5 === 0 ? `=${i},"a".${format}` : `${String(i).padStart(3, '0')}.${format}`;
  return join(i % 4 === 0 ? SUBFOLDER : '', name);
}

async function writeBad(path: string, image: Buffer, how: number): Promise<void> {
  if (how === 0) await writeFile(path, '');
  else if (how === 1) await writeFile(path, image.subarray(0, image.byteLength >> 1));
  else if (how === 2) await writeFile(path, 'this is no image');
  else await symlink('nowhere', path);
}
