/**
 * Makes fixtures/images/: one image of each class of the demo model, in common formats.
 *
 *     npm run build && node dist/test/drawing/make-fixture-images.js [folder]
 *
 * The folder is fixtures/images unless another is given; files of the same names are replaced. The pixels depend
 * on the seeds below; the bytes also on the encoders of the installed sharp.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import sharp from 'sharp';
import { mulberry32 } from '../../src/random.js';
import { type ClassName, drawSvg, type Size } from './draw.js';

const SQUARE: Size = { width: 256, height: 256 };
const WIDE: Size = { width: 320, height: 240 };
const TALL: Size = { width: 240, height: 320 };

type Format = 'avif' | 'gif' | 'jpg' | 'png' | 'svg' | 'tiff' | 'webp';

// Folder, class, format, size, seed (chosen for looks: these images do not measure the model).
const IMAGES: readonly (readonly [string, ClassName, Format, Size, number])[] = [
  ['shapes', 'arrow', 'png', SQUARE, 109],
  ['shapes', 'circle', 'webp', WIDE, 306],
  ['shapes', 'crescent', 'jpg', SQUARE, 408],
  ['shapes', 'cross', 'gif', SQUARE, 513],
  ['shapes', 'heart', 'png', TALL, 701],
  ['shapes', 'pentagon', 'avif', SQUARE, 806],
  ['shapes', 'ring', 'svg', SQUARE, 907],
  ['shapes', 'spiral', 'jpg', WIDE, 1011],
  ['shapes', 'square', 'tiff', SQUARE, 1102],
  ['shapes', 'star', 'webp', SQUARE, 1209],
  ['shapes', 'triangle', 'png', WIDE, 1405],
  ['textures', 'checkerboard', 'jpg', SQUARE, 210],
  ['textures', 'dots', 'png', WIDE, 614],
  ['textures', 'stripes', 'svg', SQUARE, 1300],
  ['textures', 'waves', 'webp', TALL, 1510],
  ['textures', 'zigzag', 'jpg', WIDE, 1615],
];

async function encode(svg: string, format: Format): Promise<string | Uint8Array> {
  const image = sharp(Buffer.from(svg)).removeAlpha();
  switch (format) {
    case 'svg':
      return svg;
    case 'jpg':
      return image.jpeg({ quality: 88 }).toBuffer();
    case 'tiff':
      return image.tiff({ compression: 'lzw' }).toBuffer();
    default:
      return image.toFormat(format).toBuffer();
  }
}

async function makeImages(root: string): Promise<void> {
  for (const [folder, className, format, size, seed] of IMAGES) {
    const path = join(root, folder, `${className}.${format}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await encode(drawSvg(className, mulberry32(seed), size), format));
  }
}

await makeImages(argv[2] ?? 'fixtures/images');
