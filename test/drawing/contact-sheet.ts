import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';

/** An image and the classes that a model names, best first. */
export interface Classified {
  readonly path: string;
  readonly predictions: readonly { readonly label: string; readonly score: number }[]; // score: 0..1
}

const COLUMNS = 4;
const TILE = { width: 200, height: 214, margin: 8 }; // pixels
const PICTURE = { width: 184, height: 138 };
const CLASSES = 2; // per image

/** Draws images in rows, each above its name and its best classes, as WebP. */
export async function contactSheet(images: readonly Classified[]): Promise<Buffer> {
  const rows = Math.ceil(images.length / COLUMNS);
  const tiles = await Promise.all(images.map(tileOf));
  const layers = tiles.flatMap((layersOfTile, i): OverlayOptions[] => {
    const left = (i % COLUMNS) * TILE.width;
    const top = Math.floor(i / COLUMNS) * TILE.height;
    return layersOfTile.map(({ input, x, y }) => ({ input, left: left + x, top: top + y }));
  });
  const size = { width: COLUMNS * TILE.width, height: rows * TILE.height };
  return sharp({ create: { ...size, channels: 3, background: '#f6f8fa' } })
    .composite(layers)
    .withExif({ IFD0: { ImageDescription: JSON.stringify(images.map(captionOf)) } })
    .webp({ quality: 82 })
    .toBuffer();
}

/** The caption of an image: its name and its best classes, each with a score in per cent. */
export type Caption = readonly [
  name: string,
  ...classes: readonly (readonly [label: string, percent: number])[],
];

function captionOf({ path, predictions }: Classified): Caption {
  const best = predictions.slice(0, CLASSES);
  return [basename(path), ...best.map(({ label, score }) => [label, Math.round(100 * score)] as const)];
}

/** The captions of a sheet, from its metadata. @throws TypeError if it is not such a sheet */
export async function captionsOf(sheet: string): Promise<readonly Caption[]> {
  const { exif } = await sharp(await readFile(sheet)).metadata();
  const [json] = /\[\[.*\]\]/.exec(exif?.toString('latin1') ?? '') ?? [];
  if (json === undefined) throw new TypeError(`${sheet} holds no captions`);
  return JSON.parse(json);
}

async function tileOf(image: Classified) {
  const { margin } = TILE;
  const picture = await sharp(await readFile(image.path))
    .flatten()
    .resize({ ...PICTURE, fit: 'contain', background: '#e4e8ec' })
    .png()
    .toBuffer();
  const [name, ...classes] = captionOf(image);
  const lines = classes.map(([label, percent], i) => {
    const y = 34 + i * 20;
    const [weight, colour] = i === 0 ? ['bold', '#1f6feb'] : ['normal', '#afb8c1'];
    return `<text x="0" y="${y}" font-weight="${weight}">${label}</text>
      <text x="116" y="${y}" text-anchor="end">${percent}%</text>
      <rect x="122" y="${y - 10}" width="62" height="10" rx="2" fill="#e4e8ec"/>
      <rect x="122" y="${y - 10}" width="${0.62 * percent}" height="10" rx="2" fill="${colour}"/>`;
  });
  const caption = `<svg xmlns="http://www.w3.org/2000/svg" width="${PICTURE.width}" height="62"
    font-family="DejaVu Sans, sans-serif" font-size="11" fill="#1f2328">
    <text x="0" y="12" font-family="DejaVu Sans Mono, monospace" font-size="10" fill="#59636e">${name}</text>
    ${lines.join('')}</svg>`;
  return [
    { input: picture, x: margin, y: margin },
    { input: Buffer.from(caption), x: margin, y: margin + PICTURE.height + 4 },
  ];
}
