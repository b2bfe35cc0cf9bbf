import type { Budget } from './budget.js';

/** A marker of a JPEG that begins a segment, or ends the image. */
export interface JpegMarker {
  readonly code: number; // its second byte: 0xC0..0xFE
  readonly at: number; // byte offset of its segment's length
}

export const START_OF_SCAN = 0xda;
export const END_OF_IMAGE = 0xd9;

/**
 * Yields the markers of a JPEG in order, up to the one that ends the image or the end of the file. Each marker, fill byte and
 * escaped byte of a scan costs one step.
 *
 * @throws BudgetExceeded
 */
export function* jpegMarkers(file: Buffer, budget: Budget): Generator<JpegMarker> {
  let at = 2;
  for (;;) {
    budget.spend();
    at = file.indexOf(0xff, at); // skips the data of a scan, or stray bytes
    if (at < 0 || at + 1 >= file.byteLength) return;
    const code = file[at + 1] ?? 0;
    // A fill byte, an escaped 0xFF in a scan, or a marker without a segment.
    if (code === 0xff) at += 1;
    else if (code <= 0x01 || (code >= 0xd0 && code <= 0xd8)) at += 2;
    else {
      yield { code, at: at + 2 };
      if (code === END_OF_IMAGE || at + 4 > file.byteLength) return;
      at += 2 + file.readUInt16BE(at + 2);
    }
  }
}
