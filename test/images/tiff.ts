/** An uncompressed little-endian TIFF of one strip, for sample types that sharp does not write. */
export function tiff(image: {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly samples: Uint8Array | Uint16Array | Int16Array | Int32Array | Float32Array;
  readonly channels?: number;
  readonly format?: 1 | 2 | 3; // SampleFormat: unsigned, signed, floating-point
  readonly photometric?: 1 | 2 | 5; // grey, RGB, CMYK
}): Buffer {
  const { width, height, bits, samples, channels = 1, format = 1, photometric = 1 } = image;
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const tags: [tag: number, value: number][] = [
    ...([
      [256, width],
      [257, height],
      [258, bits],
      [259, 1],
      [262, photometric],
      [273, 0],
    ] as [number, number][]),
    ...([
      [277, channels],
      [278, height],
      [279, data.byteLength],
      [339, format],
    ] as [number, number][]),
  ];
  const head = Buffer.alloc(8 + 2 + tags.length * 12 + 4);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  for (const [i, [tag, value]] of tags.entries()) {
    head.writeUInt16LE(tag, 10 + i * 12);
    head.writeUInt16LE(4, 12 + i * 12); // LONG, which libtiff accepts for SHORT tags too
    head.writeUInt32LE(1, 14 + i * 12);
    head.writeUInt32LE(tag === 273 ? head.byteLength : value, 18 + i * 12);
  }
  return Buffer.concat([head, data]);
}
