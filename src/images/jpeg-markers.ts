import type { Budget } from './budget.js';

/** A marker of a JPEG that begins a segment, or ends the image. */
export interface JpegMarker {
  readonly code: number; // its second byte: 0xC0..0xFE
  readonly at: number; // where its segment's length is
}

export const START_OF_SCAN = 0xda;
export const END_OF_IMAGE = 0xd9;

/**
 * The markers of a JPEG, in their order, up to the one that ends the image or to the end of the file. Each marker, fill byte and
 * escaped byte of a scan is one step.
 *
 * @throws BudgetSpent
 */
export function* jpegMarkers(file: Buffer, budget: Budget): Generator<JpegMarker> {
  let at = 2;
  for (;;) {
    budget.spend();
    at = file.indexOf(0xff, at); // the data of a scan, or stray bytes, come before
    if (at < 0 || at + 1 >= file.byteLength) return;
    const code = file[at + 1] ?? 0;
    // A fill byte, an escaped 0xFF of a scan and markers that stand alone.
    if (code === 0xff) at += 1;
    else if (code <= 0x01 || (code >= 0xd0 && code <= 0xd8)) at += 2;
    else {
      yield { code, at: at + 2 };
      if (code === END_OF_IMAGE || at + 4 > file.byteLength) return;
      at += 2 + file.readUInt16BE(at + 2);
    }
  }
}
