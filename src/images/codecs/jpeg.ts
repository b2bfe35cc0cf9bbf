import type { Codec } from '../image.js';
import { openWithLibvips } from '../libvips-image.js';
import { ImageRefusal } from '../refusal.js';

/**
 * A JPEG of 8 bits a sample, sequential or progressive.
 *
 * @throws as every `Codec`
 */
export const jpeg: Codec = async (bytes, settings) => {
  refuseProcess(bytes);
  return openWithLibvips(bytes, settings);
};

// The markers that begin a frame, ITU-T T.81 table B.1, where they are none of the processes that are read.
const OTHER_PROCESSES: Readonly<Record<number, string>> = {
  ...{ 195: 'lossless', 197: 'hierarchical', 198: 'hierarchical', 199: 'hierarchical lossless' },
  ...{ 203: 'lossless', 205: 'hierarchical', 206: 'hierarchical', 207: 'hierarchical lossless' },
  247: 'JPEG-LS',
};
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca, ...Object.keys(OTHER_PROCESSES).map(Number)];
const START_OF_SCAN = 0xda;

/** Looks at the markers before the first scan. What cannot be followed is for the decoder to judge. */
function refuseProcess(bytes: Uint8Array): void {
  const byte = (at: number) => bytes[at] ?? 0;
  for (let at = 2; at + 4 < bytes.byteLength && byte(at) === 0xff; ) {
    const marker = byte(at + 1);
    if (marker === START_OF_SCAN) return;
    if (FRAMES.includes(marker)) {
      const precision = byte(at + 4);
      const what = OTHER_PROCESSES[marker] ?? (precision === 8 ? undefined : `${precision} bits a sample`);
      if (what === undefined) return;
      throw new ImageRefusal('unsupported_format', `JPEG (${what}) is not supported; convert it to PNG`);
    }
    at += marker === 0xff ? 1 : 2 + byte(at + 2) * 256 + byte(at + 3);
  }
}
