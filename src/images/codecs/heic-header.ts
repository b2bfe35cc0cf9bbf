import { type Box, boxesOf, boxOf } from '../boxes.js';
import type { Size } from '../geometry.js';

/**
 * The size of the primary image of a HEIC file, as it is shown: cropped and turned by the properties of the image.
 * ISO/IEC 23008-12, https://www.iso.org/standard/83650.html
 *
 * @returns undefined where the file does not say
 */
export function heicSize(file: Buffer): Size | undefined {
  const meta = boxOf(file, 'meta')?.subarray(4); // behind its version and flags
  const properties = meta && boxOf(meta, 'iprp');
  const primary = meta && boxOf(meta, 'pitm');
  if (properties === undefined || primary === undefined || primary.byteLength < 6) return undefined;
  const item =
    primary[0] === 0 ? primary.readUInt16BE(4) : primary.byteLength < 8 ? 0 : primary.readUInt32BE(4);
  const all = [...boxesOf(boxOf(properties, 'ipco') ?? Buffer.alloc(0))];
  const indices = associationsOf(boxOf(properties, 'ipma') ?? Buffer.alloc(0), item);
  let size: Size | undefined;
  for (const index of indices) {
    const property = all[index - 1];
    if (property !== undefined) size = changedBy(property, size);
  }
  return size;
}

/** What a property makes of a size: those of an image are followed in order. */
function changedBy({ type, data }: Box, size: Size | undefined): Size | undefined {
  if (type === 'ispe' && data.byteLength >= 12)
    return { width: data.readUInt32BE(4), height: data.readUInt32BE(8) };
  if (type === 'clap' && data.byteLength >= 16) {
    const [width, height] = [0, 8].map((at) => Math.round(data.readUInt32BE(at) / data.readUInt32BE(at + 4)));
    return { width: width || 0, height: height || 0 };
  }
  const isSideways = type === 'irot' && ((data[0] ?? 0) & 1) === 1; // in quarters of a turn
  return isSideways && size !== undefined ? { width: size.height, height: size.width } : size;
}

/** The properties of an item, counted from 1. */
function associationsOf(ipma: Buffer, item: number): readonly number[] {
  if (ipma.byteLength < 8) return [];
  const [idBytes, indexBytes] = [(ipma[0] ?? 0) === 0 ? 2 : 4, ((ipma[3] ?? 0) & 1) + 1];
  let at = 8;
  while (at + idBytes < ipma.byteLength) {
    const id = ipma.readUIntBE(at, idBytes);
    const start = at + idBytes + 1;
    const count = ipma[start - 1] ?? 0;
    at = start + count * indexBytes;
    if (id !== item || at > ipma.byteLength) continue;
    const essential = indexBytes === 1 ? 0x7f : 0x7fff; // the highest bit says so
    return Array.from(
      { length: count },
      (_, i) => ipma.readUIntBE(start + i * indexBytes, indexBytes) & essential,
    );
  }
  return [];
}
