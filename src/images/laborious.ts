import { withinBudget } from './budget.js';
import type { Decode } from './geometry.js';
import type { Header } from './image.js';
import { jpegMarkers, START_OF_SCAN } from './jpeg-markers.js';
import { mayBeSvg } from './markup.js';
import { pngChunks } from './png-chunks.js';
import { sniffFormat } from './sniff.js';
import { PastEndError, tiffDirectories } from './tiff-directories.js';

// Above these limits, images go to the separate process: it can be killed, but there is only one. Measured on one core from 2023:
const MANY_FRAMES = 8 * 2 ** 20; // bytes of a GIF or WebP: 5 million frames in 115 MB took 10 to 40 s
const MANY_CHUNKS = 2 ** 14; // of a PNG: sharp passed on a warning for each of 8 million, which blocked everything else for 20 s
const MANY_MARKERS = 2 ** 12; // of a JPEG before its first scan: 25 million took 31 s and 7 GB
const MANY_SCANS = 16 * 2 ** 20; // bytes of a JPEG in several scans, with possible markers between them: 100 MB took 5 s and 2.5 GB
const MANY_DIRECTORIES = 1000; // of a TIFF: 65,535 took 1 s and a million 28 s, each time it is opened
const MANY_FIELDS = 512; // of one directory: time grows with their square, to 2 s for 4000
const ALL_FIELDS = 2 ** 15; // of all directories
const MANY_VALUES = 64 * 2 ** 20; // bytes in all fields, which may overlap: 4000 of 8 MB each took more than a minute
const MANY_PIXELS = 2 ** 25; // held in memory, at up to 18 bytes each (AVIF)
const MANY_STREAMED = 2 ** 26; // held in memory, at 3 bytes each
const MANY_ROWS = 2 ** 20; // a PNG of 1 x 100,000,000 took 11 s

/**
 * Returns whether a decoder may take very long to find the size of an image, or may hang: an SVG is a program, and to find the
 * first image decoders look at all frames, directories and other parts of a file.
 */
export function isLaboriousFile(bytes: Uint8Array): boolean {
  if (mayBeSvg(bytes)) return true;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return HAS_MANY_PARTS[sniffFormat(bytes)?.name ?? '']?.(file) ?? false;
}

/**
 * Returns whether an image may take very long, or hold too many pixels at once. Baseline JPEGs and plain PNGs are decoded row
 * by row; `exact` holds all rows that it needs, but at no more than 3 bytes a pixel.
 */
export function isLaboriousImage({ width, height, format, streamed }: Header, decode: Decode): boolean {
  if (format === 'SVG') return true; // whatever its bytes look like
  if (Math.max(width, height) > MANY_ROWS) return true;
  if (!streamed) return width * height > MANY_PIXELS;
  return decode === 'exact' && width * height > MANY_STREAMED;
}

const isLong = (file: Buffer) => file.byteLength > MANY_FRAMES;

const HAS_MANY_PARTS: Readonly<Record<string, (file: Buffer) => boolean>> = {
  JPEG: hasManyMarkers,
  PNG: hasManyChunks,
  TIFF: hasManyDirectories,
  GIF: isLong,
  WebP: isLong,
};

function hasManyMarkers(file: Buffer): boolean {
  return withinBudget(MANY_MARKERS, true, (budget) => {
    let components = 0; // of the image
    for (const { code, at } of jpegMarkers(file, budget)) {
      if (code === START_OF_SCAN) {
        const inScan = file[at + 2] ?? 0;
        return inScan < components && file.byteLength > MANY_SCANS;
      }
      if (isFrame(code)) components = isProgressive(code) ? Number.POSITIVE_INFINITY : (file[at + 7] ?? 0);
    }
    return false;
  });
}

/** SOF0 to SOF15, except three markers of other kinds. */
const isFrame = (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/** ITU-T T.81: every fourth kind of frame from the third on. */
const isProgressive = (code: number) => (code & 3) === 2;

function hasManyChunks(file: Buffer): boolean {
  return withinBudget(MANY_CHUNKS, true, (budget) => {
    for (const _ of pngChunks(file, budget));
    return false;
  });
}

function hasManyDirectories(file: Buffer): boolean {
  return withinBudget(ALL_FIELDS, true, (budget) => {
    let [directories, valueBytes] = [0, 0];
    try {
      for (const directory of tiffDirectories(file, budget)) {
        directories += 1;
        valueBytes += directory.valueBytes;
        if (directories > MANY_DIRECTORIES || valueBytes > MANY_VALUES) return true;
        if (directory.fields > MANY_FIELDS) return true;
      }
    } catch (error) {
      if (!(error instanceof PastEndError)) throw error;
    }
    return false;
  });
}
