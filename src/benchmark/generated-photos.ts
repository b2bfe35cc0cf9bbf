import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';
import { mulberry32 } from '../random.js';

export interface PhotoSize {
  readonly width: number; // pixels
  readonly height: number;
}

interface Raster extends PhotoSize {
  readonly data: Uint8Array; // HWC RGB
}

const QUALITY = 90;

/** Image detail: noise in cells of a given size, with a given amplitude around mid-grey. */
const DETAIL = [
  { cell: 40, amplitude: 60 },
  { cell: 10, amplitude: 40 },
  { cell: 4, amplitude: 40 },
  { cell: 1, amplitude: 12 },
] as const;

/**
 * Writes a JPEG that costs as much to decode as a photo of its size: seeded noise on several scales, quality 90,
 * colour at half the resolution (4:2:0). It has 2.2 bits per pixel; photographs in the test suite have 1.5 to 2.6
 * at this quality.
 *
 * @returns its path
 */
export async function writePhoto(folder: string, size: PhotoSize, seed: number): Promise<string> {
  const colours = await noise(size, { cell: size.width / 12, amplitude: 110 }, seed);
  const detail: OverlayOptions[] = [];
  for (const [i, octave] of DETAIL.entries()) {
    const { data, width, height } = await noise(size, octave, seed * DETAIL.length + i + 1);
    detail.push({ input: Buffer.from(data.buffer), raw: { width, height, channels: 3 }, blend: 'overlay' });
  }
  const jpeg = await open(colours)
    .composite(detail)
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:2:0' })
    .toBuffer();
  const path = join(folder, `${size.width}x${size.height}-${seed}.jpg`);
  await writeFile(path, jpeg);
  return path;
}

/** Coloured noise around mid-grey, smooth between the centres of its cells. */
async function noise(
  { width, height }: PhotoSize,
  { cell, amplitude }: { readonly cell: number; readonly amplitude: number },
  seed: number,
): Promise<Raster> {
  const random = mulberry32(seed);
  const cells = { width: Math.ceil(width / cell), height: Math.ceil(height / cell) };
  const coarse = Uint8Array.from(
    { length: cells.width * cells.height * 3 },
    () => 128 + amplitude * (2 * random() - 1),
  );
  const data = await open({ ...cells, data: coarse })
    .resize(width, height, { kernel: 'cubic', fit: 'fill' })
    .raw()
    .toBuffer();
  return { width, height, data };
}

const open = ({ data, width, height }: Raster) => sharp(data, { raw: { width, height, channels: 3 } });
