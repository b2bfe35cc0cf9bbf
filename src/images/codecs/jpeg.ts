// src/images/codecs/: one module per image format: reads its header, and decodes its pixels with libvips or our own code

import { ImageRefusal } from '../../refusal.js';
import { type Budget, withinBudget } from '../budget.js';
import type { Codec } from '../image.js';
import { jpegMarkers, START_OF_SCAN } from '../jpeg-markers.js';
import { openWithLibvips } from '../libvips-image.js';

/**
 * A JPEG with 8 bits per sample, sequential or progressive.
 *
 * @throws as every `Codec`
 */
export const jpeg: Codec = async (bytes, settings) => {
  refuseProcess(bytes);
  return openWithLibvips(bytes, settings);
};

// Markers that begin a frame (ITU-T T.81 table B.1) of a process that cannot be read.
const OTHER_PROCESSES: Readonly<Record<number, string>> = {
  195: 'lossless',
  197: 'hierarchical',
  198: 'hierarchical',
  199: 'hierarchical lossless',
  203: 'lossless',
  205: 'hierarchical',
  206: 'hierarchical',
  207: 'hierarchical lossless',
  247: 'JPEG-LS',
};
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca, ...Object.keys(OTHER_PROCESSES).map(Number)];
const MAX_MARKERS = 4096; // before the first scan

/** Refuses a process that cannot be read, by the markers before the first scan. Damage is left to the decoder. */
function refuseProcess(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const process = withinBudget(MAX_MARKERS, undefined, (budget) => otherProcess(file, budget));
  if (process === undefined) return;
  throw new ImageRefusal('unsupported_format', `JPEG (${process}) is not supported; convert it to PNG`);
}

/** Names what makes the first frame unreadable; undefined if it can be read. */
function otherProcess(file: Buffer, budget: Budget): string | undefined {
  for (const { code, at } of jpegMarkers(file, budget)) {
    if (code === START_OF_SCAN) return undefined;
    if (!FRAMES.includes(code)) continue;
    const precision = file[at + 2];
    if (precision === undefined) return undefined; // the file ends early
    return OTHER_PROCESSES[code] ?? (precision === 8 ? undefined : `${precision} bits a sample`);
  }
  return undefined;
}
