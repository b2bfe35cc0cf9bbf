import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { FileItem } from '../file-item.js';
import { missing } from '../optional-package.js';
import { OPTIONAL_PACKAGES } from './codecs/optional-packages.js';
import { decodeImage } from './decode.js';
import { OPTIONAL, WRITTEN } from './format-samples.js';
import type { Preprocessing } from './geometry.js';

/** The image formats that this installation reads. */
export interface ImageFormats {
  readonly sharp: string; // versions
  readonly libvips: string;
  readonly read: readonly string[]; // a small image of each was decoded
  readonly failing: readonly { readonly name: string; readonly reason: string }[]; // should be read, but are not
  readonly missing: readonly { readonly name: string; readonly hint: string }[]; // need an optional package
  readonly unread: readonly string[];
}

const SIDE = 8; // pixels

const SAMPLES: Readonly<Record<string, (image: Sharp) => Promise<Buffer> | Buffer>> = {
  JPEG: (image) => image.jpeg().toBuffer(),
  PNG: (image) => image.png().toBuffer(),
  WebP: (image) => image.webp().toBuffer(),
  GIF: (image) => image.gif().toBuffer(),
  AVIF: (image) => image.avif({ effort: 0 }).toBuffer(),
  TIFF: (image) => image.tiff().toBuffer(),
  ...WRITTEN,
};

// sharp's names of formats that its prebuilt libvips does not include.
const OTHERS: Readonly<Record<string, string>> = {
  jxl: 'JPEG XL',
  pdf: 'PDF',
  fits: 'FITS',
  openslide: 'OpenSlide',
  dcraw: 'camera raw',
  rad: 'Radiance HDR',
};

/**
 * Decodes a small image of every format that halonet reads, and looks up which other formats sharp knows.
 *
 * @param preprocessing how to decode them
 */
export async function imageFormats(preprocessing: Preprocessing): Promise<ImageFormats> {
  const folder = await mkdtemp(join(tmpdir(), 'halonet-formats-'));
  try {
    const read: string[] = [];
    const failing: { name: string; reason: string }[] = [];
    const absent = OPTIONAL_PACKAGES.flatMap((optional) => {
      const hint = missing(optional);
      return hint === undefined ? [] : [{ name: optional.purpose, hint }];
    });
    for (const [name, encode] of Object.entries({ ...SAMPLES, ...OPTIONAL })) {
      if (absent.some((format) => format.name === name)) continue;
      const reason = await reasonAgainst(join(folder, name), encode, preprocessing);
      if (reason === undefined) read.push(name);
      else failing.push({ name, reason });
    }
    const known = Object.entries(sharp.format);
    const unread = known.filter(([id, { input }]) => OTHERS[id] !== undefined && !input.buffer);
    const names = unread.map(([id]) => OTHERS[id] ?? id);
    return {
      sharp: sharp.versions.sharp ?? '?',
      libvips: sharp.versions.vips,
      read,
      failing,
      missing: absent,
      unread: names.sort(),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function reasonAgainst(
  path: string,
  encode: (image: Sharp) => Promise<Buffer> | Buffer,
  preprocessing: Preprocessing,
): Promise<string | undefined> {
  const create = { width: SIDE, height: SIDE, channels: 3, background: '#336699' } as const;
  try {
    await writeFile(path, await encode(sharp({ create })));
  } catch (error) {
    return `no image to try could be made (${(error as Error).message.split('\n')[0]})`;
  }
  const decoded = await decodeImage(new FileItem(path), preprocessing);
  return decoded.status === 'ok' ? undefined : decoded.failure.message;
}
