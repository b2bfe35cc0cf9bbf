import { crc32, deflateRawSync, constants as zlib } from 'node:zlib';

// Small files that are made to harm whoever reads them.

const BLOCK = 2 ** 20; // bytes

/** Compresses this many zeros. Repeats one compressed block, since zlib would take seconds for gigabytes. */
export function compressedZeros(count: number): Buffer {
  const block = (length: number) =>
    deflateRawSync(Buffer.alloc(length), { level: 9, finishFlush: zlib.Z_FULL_FLUSH });
  const checksum = Buffer.alloc(4);
  checksum.writeUInt16BE(count % 65_521); // Adler-32
  checksum.writeUInt16BE(1, 2);
  return Buffer.concat([
    Buffer.from('789c', 'hex'),
    ...Array<Buffer>(Math.floor(count / BLOCK)).fill(block(BLOCK)),
    ...[block(count % BLOCK), deflateRawSync(Buffer.alloc(0)), checksum],
  ]);
}

/** A PNG of zeros, of any size, that contains only the first `rows` rows. */
export function zeroPng(options: {
  readonly width: number;
  readonly height: number;
  readonly colourType: 0 | 2 | 6; // grey, RGB, RGBA
  readonly bits?: 8 | 16;
  readonly interlaced?: boolean;
  readonly rows?: number;
  readonly chunks?: readonly Buffer[]; // before the pixels
}): Buffer {
  const { width, height, colourType, bits = 8, interlaced = false, rows = height, chunks = [] } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([bits, colourType, 0, 0, interlaced ? 1 : 0], 8);
  const channels = { 0: 1, 2: 3, 6: 4 }[colourType];
  // Each of the seven passes of an interlaced PNG has a filter byte a row; extra zeros do no harm.
  const bytes = rows * (width * channels * (bits / 8) + 1) + (interlaced ? 8 * rows : 0);
  const pixels = compressedZeros(bytes);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[pngChunk('IHDR', header), ...chunks, pngChunk('IDAT', pixels), pngChunk('IEND', Buffer.alloc(0))],
  ]);
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.byteLength);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}

export function svg(content: string, attributes = 'width="60" height="40"'): string {
  const spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<svg ${spaces} ${attributes}>${content}</svg>`;
}

/** Small and fast to parse, but takes minutes to draw: a tenth of it took 23 s. */
export function endlessSvg(): string {
  return noisySvg(8000, 2000);
}

/** Takes a share of some seconds to draw. */
export function slowSvg(share: number): string {
  return noisySvg(500, Math.round(60 * share));
}

function noisySvg(side: number, filters: number): string {
  const noise = '<feTurbulence baseFrequency="0.9" numOctaves="9"/>'.repeat(filters);
  const size = `width="${side}" height="${side}"`;
  return svg(`<filter id="f">${noise}</filter><rect ${size} filter="url(#f)"/>`, size);
}

/** A grey TIFF of 8 x 8 pixels that repeats its directory; the last one links to directory `next`. */
export function chainedTiff(directories: number, next?: number): Buffer {
  const tags = 9;
  const length = 2 + 12 * tags + 4;
  const file = Buffer.alloc(8 + directories * length + 64, 0x80);
  const startOf = (index: number) => 8 + index * length;
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(startOf(0), 4);
  for (let i = 0; i < directories; i++) {
    const start = startOf(i);
    file.writeUInt16LE(tags, start);
    const values = [
      [256, 8],
      [257, 8],
      [258, 8],
      [259, 1],
      [262, 1],
      [273, startOf(directories)],
      [277, 1],
      [278, 8],
      [279, 64],
    ];
    for (const [k, [tag = 0, value = 0]] of values.entries()) {
      file.writeUInt16LE(tag, start + 2 + 12 * k);
      file.writeUInt16LE(4, start + 4 + 12 * k);
      file.writeUInt32LE(1, start + 6 + 12 * k);
      file.writeUInt32LE(value, start + 10 + 12 * k);
    }
    const following = i + 1 < directories ? i + 1 : next;
    file.writeUInt32LE(following === undefined ? 0 : startOf(following), start + length - 4);
  }
  return file;
}

/** A GIF of 1 x 1 pixel with this many frames. */
export function gifOf(frames: number, end = '\x3b'): Buffer {
  const head = 'GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff';
  const frame = '\x21\xf9\x04\0\x01\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0';
  return Buffer.from(head + frame.repeat(frames) + end, 'latin1');
}
