import { ImageRefusal } from '../../refusal.js';
import { boxesOf, MAX_BOXES } from './iso-boxes.js';

const SEQUENCE_BRANDS = ['avis', 'msf1'];

/**
 * Returns an AVIF without its sequence, with the brand of a still image. libheif looks for frames if the first brand is that of
 * a sequence, and for HEVC if it is the brand that all formats of the container share.
 *
 * @throws ImageRefusal unsupported_format for a sequence without a still image
 */
export function asStillAvif(file: Buffer): Buffer {
  const boxes = [...boxesOf(file, 0, file.byteLength, { boxes: MAX_BOXES })];
  const brands = boxes.find(({ type }) => type === 'ftyp');
  const sequence = boxes.find(({ type }) => type === 'moov');
  if (sequence !== undefined && !boxes.some(({ type }) => type === 'meta')) {
    const message = 'AVIF sequence without a still image is not supported; convert its first frame to PNG';
    throw new ImageRefusal('unsupported_format', message);
  }
  if (brands === undefined) return file;
  if (sequence === undefined && file.toString('latin1', brands.start, brands.start + 4) === 'avif')
    return file;
  const still = Buffer.from(file);
  still.write('avif', brands.start, 'latin1');
  for (let at = brands.start + 8; at + 4 <= brands.end; at += 4) {
    if (SEQUENCE_BRANDS.includes(still.toString('latin1', at, at + 4))) still.write('avif', at, 'latin1');
  }
  if (sequence !== undefined) still.write('free', sequence.named, 'latin1');
  return still;
}
