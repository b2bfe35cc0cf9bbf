import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** An entry of the list, with the paths of its rows. */
export interface Entry {
  readonly bytes: Buffer; // without a newline or NUL
  readonly paths: readonly string[];
}

const IMAGES = ['a.png', 'ü.png', '日本/1.png', '日本/é 2.png', '日本/😀.png', ' b .png', 'c\rd.png'];

/** Draws a few small images in a folder, and lists them, a folder, a file that is not an image, and invalid UTF-8. */
export async function makeList(folder: string): Promise<readonly Entry[]> {
  await mkdir(join(folder, '日本'), { recursive: true });
  for (const [i, name] of IMAGES.entries()) {
    const background = { r: 30 * i, g: 255 - 20 * i, b: 90 };
    const image = sharp({ create: { width: 20 + i, height: 30, channels: 3, background } });
    await image.toFile(join(folder, name));
  }
  await writeFile(join(folder, 'bad.png'), 'this is no image');
  const itself = (path: string): Entry => ({ bytes: Buffer.from(path), paths: [path] });
  return [
    ...['ü.png', 'none/é.png', ' b .png', 'c\rd.png'].map(itself),
    { bytes: Buffer.from('日本'), paths: ['1.png', 'é 2.png', '😀.png'].map((name) => `日本/${name}`) },
    { bytes: Buffer.of(0xe6, 0x97, 0x2e, 0xff), paths: ['\uFFFD.\uFFFD'] }, // not UTF-8
    ...['日本/😀.png', 'bad.png', 'a.png', 'ü.png'].map(itself),
  ];
}
