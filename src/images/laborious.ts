import type { Header } from './header.js';
import { maybeSvg } from './markup.js';
import { sniffFormat } from './sniff.js';
import { BeyondEnd, tiffDirectories } from './tiff-directories.js';

// Images for a process of their own, which can be ended and of which there is one. Measured on one core of 2023:
const MANY_FRAMES = 8 * 2 ** 20; // bytes of a GIF or WebP: 5 million frames in 115 MB took 10 to 40 s
const MANY_DIRECTORIES = 1000; // of a TIFF: 65,535 took 1 s and a million 28 s, each time it is opened
const MANY_PIXELS = 2 ** 25; // held in memory, at up to 18 bytes each (AVIF)
const MANY_ROWS = 2 ** 20; // a PNG of 1 x 100,000,000 took 11 s

/**
 * Whether a file may take its decoder very long before its size is known, or never let it go: an SVG is a program, and the
 * frames and directories of animations and TIFFs are all looked at to find the first.
 */
export function isLaboriousFile(bytes: Uint8Array): boolean {
  if (maybeSvg(bytes)) return true;
  const name = sniffFormat(bytes)?.name;
  if (name === 'GIF' || name === 'WebP') return bytes.byteLength > MANY_FRAMES;
  return name === 'TIFF' && hasManyDirectories(bytes);
}

/**
 * Whether an image may take very long, or its decoder may hold all of its pixels at once. Baseline JPEGs and plain PNGs pass
 * through it by rows.
 */
export function isLaboriousImage({ width, height, format, layout, interlaced }: Header): boolean {
  if (layout === 'svg') return true; // whatever its bytes look like
  if (Math.max(width, height) > MANY_ROWS) return true;
  const streamed = (format === 'JPEG' || format === 'PNG') && layout === 'plain' && !interlaced;
  return !streamed && width * height > MANY_PIXELS;
}

function hasManyDirectories(bytes: Uint8Array): boolean {
  try {
    let count = 0;
    for (const _ of tiffDirectories(bytes, new Set())) if (++count > MANY_DIRECTORIES) return true;
    return false;
  } catch (error) {
    if (error instanceof BeyondEnd) return false;
    throw error;
  }
}
