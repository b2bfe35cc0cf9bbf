import { ImageRefusal } from '../../refusal.js';
import { kernels, layOut, memoryBytes } from './kernels.js';

/** The compression of the pixels of an image. */
export type Coding =
  | { readonly kind: 'bmp'; readonly bits: 4 | 8; readonly width: number } // to one index per byte
  | { readonly kind: 'tga'; readonly bytesPerPixel: number } // to pixels of this size
  | { readonly kind: 'qoi' } // to RGB
  | { readonly kind: 'plain bits' } // of PBM, to one byte each
  | { readonly kind: 'plain samples'; readonly most: number }; // of PGM and PPM, at most `most`, to big-endian u16

/** Compressed pixels. */
export interface CodedPixels {
  readonly format: string; // for messages
  readonly data: Uint8Array; // from the first code on; more data may follow
  readonly coding: Coding;
  readonly bytes: number; // once decoded
  readonly partial: boolean; // whether truncated data are accepted
}

const AT_ONCE = 2 ** 16; // bytes of codes, and of pixels
const CODE_LIMIT = 516; // the most bytes that a code takes or produces: TGA's with 128 pixels of 32 bits
const STATE_BYTES = 16 + 4 * 65;

const COMPLETE = 1;
const INVALID = 2;

/**
 * Decodes compressed pixels. Pixels that codes skip, or that follow the last code, are 0.
 *
 * @returns `bytes` bytes
 * @throws ImageRefusal truncated, decode_failed
 */
export function decodeCodes({ format, data, coding, bytes, partial }: CodedPixels): Uint8Array {
  const pixels = new Uint8Array(bytes);
  const { state, source, target } = layOut({
    state: STATE_BYTES,
    source: AT_ONCE + CODE_LIMIT,
    target: AT_ONCE + CODE_LIMIT,
  });
  const memory = memoryBytes().fill(0, state, state + STATE_BYTES);
  const report = new Int32Array(memory.buffer, state, 4);
  let [read, written] = [0, 0];
  while (written < bytes) {
    const some = data.subarray(read, read + AT_ONCE + CODE_LIMIT);
    if (some.byteLength === 0) {
      if (partial) break;
      throw new ImageRefusal('truncated', `the ${format} file ends early`);
    }
    memory.set(some, source);
    const end = source + Math.min(AT_ONCE, some.byteLength);
    decodeSome(coding, source, end, target, target + Math.min(AT_ONCE, bytes - written), state);
    const [consumed = 0, produced = 0, skipped = 0, ending = 0] = report;
    if (ending === INVALID) throw new ImageRefusal('decode_failed', `the ${format} data is damaged`);
    pixels.set(memory.subarray(target, target + Math.min(produced, bytes - written)), written);
    read += consumed;
    written += produced + skipped;
    if (ending === COMPLETE) break;
    if (read > data.byteLength && !partial)
      throw new ImageRefusal('truncated', `the ${format} file ends early`);
  }
  return pixels;
}

function decodeSome(
  coding: Coding,
  source: number,
  end: number,
  target: number,
  targetEnd: number,
  state: number,
): void {
  switch (coding.kind) {
    case 'bmp':
      kernels.bmpRuns(source, end, target, targetEnd, state, coding.bits, coding.width);
      break;
    case 'tga':
      kernels.tgaRuns(source, end, target, targetEnd, state, coding.bytesPerPixel);
      break;
    case 'qoi':
      kernels.qoi(source, end, target, targetEnd, state);
      break;
    case 'plain bits':
      kernels.plainBits(source, end, target, targetEnd, state);
      break;
    case 'plain samples':
      kernels.plainSamples(source, end, target, targetEnd, state, coding.most);
      break;
  }
}
