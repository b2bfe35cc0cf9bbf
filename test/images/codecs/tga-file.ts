import type { Raster } from '../../../src/images/raster.js';

/** The contents of a TGA file. */
export interface Targa {
  readonly type: number; // 1 mapped, 2 RGB, 3 grey; plus 8 if run-length encoded
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly flags?: number; // bits of alpha, 0x10 from the right, 0x20 from the top
  readonly id?: string;
  readonly map?: {
    readonly first: number;
    readonly count: number;
    readonly bits: number;
    readonly bytes: Uint8Array;
  };
  readonly pixels: Uint8Array;
  readonly footer?: boolean;
}

/** A TGA file. https://www.dca.fee.unicamp.br/~martino/disciplinas/ia369/trabalhos/t4g3/TGA.pdf */
export function tga({
  type,
  width,
  height,
  bits,
  flags = 0,
  id = '',
  map,
  pixels,
  footer = false,
}: Targa): Buffer {
  const header = Buffer.alloc(18);
  header.set([id.length, map === undefined ? 0 : 1, type]);
  if (map !== undefined) {
    header.writeUInt16LE(map.first, 3);
    header.writeUInt16LE(map.count, 5);
    header[7] = map.bits;
  }
  header.writeUInt16LE(width, 12);
  header.writeUInt16LE(height, 14);
  header.set([bits, flags], 16);
  const end = Buffer.concat([Buffer.alloc(8), Buffer.from('TRUEVISION-XFILE.\0', 'latin1')]);
  return Buffer.concat([
    header,
    Buffer.from(id),
    map?.bytes ?? Buffer.alloc(0),
    pixels,
    footer ? end : Buffer.alloc(0),
  ]);
}

/** Encodes a picture as a top-down TGA of 24 bits, in packets of runs and of literals. */
export function tgaOf({ width, height, data }: Raster): Buffer {
  const packets: number[] = [];
  const at = (i: number) => [data[3 * i + 2] ?? 0, data[3 * i + 1] ?? 0, data[3 * i] ?? 0];
  for (let i = 0; i < width * height; ) {
    let count = 1;
    const most = Math.min(128, width * height - i);
    while (count < most && `${at(i + count)}` === `${at(i)}`) count++;
    if (count > 1) {
      packets.push(0x80 | (count - 1), ...at(i));
    } else {
      count = Math.min(most, 1 + (i % 100));
      packets.push(count - 1);
      for (let j = 0; j < count; j++) packets.push(...at(i + j));
    }
    i += count;
  }
  return tga({ type: 10, width, height, bits: 24, flags: 0x20, pixels: Buffer.from(packets) });
}
