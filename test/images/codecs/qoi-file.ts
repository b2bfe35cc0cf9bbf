import type { Raster } from '../../../src/images/raster.js';

/** The header of a QOI file. https://qoiformat.org/qoi-specification.pdf */
export function qoiHeader(width: number, height: number, channels: 3 | 4 = 3): Buffer {
  const header = Buffer.alloc(14);
  header.write('qoif', 'latin1');
  header.writeUInt32BE(width, 4);
  header.writeUInt32BE(height, 8);
  header[12] = channels;
  return header;
}

/** Encodes a picture as QOI with the shortest codes, as the reference encoder does. */
export function qoiOf({ width, height, data }: Raster): Buffer {
  const codes: number[] = [];
  const seen: (readonly number[])[] = Array.from({ length: 64 }, () => []);
  let [previous, run]: [readonly number[], number] = [[0, 0, 0], 0];
  const endRun = () => {
    if (run > 0) codes.push(0xc0 | (run - 1));
    run = 0;
  };
  for (let i = 0; i < width * height; i++) {
    const pixel = [...data.subarray(3 * i, 3 * i + 3)];
    const [red = 0, green = 0, blue = 0] = pixel;
    if (`${pixel}` === `${previous}`) {
      if (++run === 62) endRun();
      continue;
    }
    endRun();
    const place = (red * 3 + green * 5 + blue * 7 + 255 * 11) % 64;
    const [r = 0, g = 0, b = 0] = pixel.map((value, c) => ((value - (previous[c] ?? 0) + 384) % 256) - 128);
    const small = (value: number, reach: number) => value >= -reach && value < reach;
    if (`${seen[place]}` === `${pixel}`) codes.push(place);
    else if (small(r, 2) && small(g, 2) && small(b, 2))
      codes.push(0x40 | ((r + 2) << 4) | ((g + 2) << 2) | (b + 2));
    else if (small(g, 32) && small(r - g, 8) && small(b - g, 8))
      codes.push(0x80 | (g + 32), ((r - g + 8) << 4) | (b - g + 8));
    else codes.push(0xfe, ...pixel);
    seen[place] = pixel;
    previous = pixel;
  }
  endRun();
  return Buffer.concat([qoiHeader(width, height), Buffer.from(codes), Buffer.of(0, 0, 0, 0, 0, 0, 0, 1)]);
}
