import type { TiffFields } from './tiff-fields.js';
import { TAG } from './tiff-tags.js';

/** The fields that decoding depends on, copied to the new file; width, length and strip places are computed. */
const KEPT = [
  ...[TAG.bitsPerSample, TAG.compression, TAG.photometric, TAG.fillOrder, TAG.samplesPerPixel],
  ...[TAG.planarConfiguration, TAG.t4Options, TAG.t6Options, TAG.predictor, TAG.colorMap, TAG.inkSet],
  ...[TAG.extraSamples, TAG.sampleFormat, TAG.jpegTables, TAG.yCbCrCoefficients, TAG.yCbCrSubSampling],
  ...[TAG.yCbCrPositioning, TAG.referenceBlackWhite],
];

const [LONG, LONG8] = [4, 16]; // types

/**
 * Builds a TIFF of strips, to be decoded like the image that `fields` describe.
 *
 * @param strips compressed, from the top down, one plane after another
 * @param size pixels of the image, and rows of each strip
 * @param compression of the strips, if it differs
 */
export function tiffOfStrips(
  fields: TiffFields,
  strips: readonly Uint8Array[],
  size: { readonly width: number; readonly height: number; readonly rowsPerStrip: number },
  compression?: number,
): Buffer {
  const { isBig } = fields;
  const [wide, entryBytes, head] = isBig ? ([8, 20, 16] as const) : ([4, 12, 8] as const);
  const unsigned = (value: number, bytes: 2 | 4 | 8): Buffer => {
    const buffer = Buffer.alloc(bytes);
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
    else buffer.writeUIntLE(value, 0, bytes);
    return fields.littleEndian ? buffer : buffer.reverse();
  };
  const longs = (values: readonly number[]) => ({
    type: isBig ? LONG8 : LONG,
    count: values.length,
    data: Buffer.concat(values.map((value) => unsigned(value, wide))),
  });
  const entries = (offsets: readonly number[]) => {
    const computed = [
      [TAG.imageWidth, longs([size.width])],
      [TAG.imageLength, longs([size.height])],
      [TAG.rowsPerStrip, longs([size.rowsPerStrip])],
      [TAG.stripOffsets, longs(offsets)],
      [TAG.stripByteCounts, longs(strips.map(({ byteLength }) => byteLength))],
    ] as const;
    const others = compression === undefined ? [] : [[TAG.compression, longs([compression])] as const];
    const kept = KEPT.flatMap((tag) => {
      if (others.length > 0 && tag === TAG.compression) return [];
      const shape = fields.shape(tag);
      return shape === undefined ? [] : [[tag, { ...shape, data: fields.bytesOf(tag) }] as const];
    });
    return [...computed, ...others, ...kept].sort(([a], [b]) => a - b);
  };
  const isInline = ({ data }: { readonly data: Uint8Array }) => data.byteLength <= wide;
  const layout = entries(strips.map(() => 0));
  const directoryBytes = (isBig ? 8 : 2) + layout.length * entryBytes + wide;
  const outside = layout.reduce((sum, [, field]) => sum + (isInline(field) ? 0 : field.data.byteLength), 0);
  let place = head + directoryBytes + outside;
  const offsets = strips.map(({ byteLength }) => {
    const at = place;
    place += byteLength;
    return at;
  });
  let valuesAt = head + directoryBytes;
  const values: Uint8Array[] = [];
  const directory = entries(offsets).map(([tag, field]) => {
    const start = [unsigned(tag, 2), unsigned(field.type, 2), unsigned(field.count, wide)];
    if (isInline(field)) return Buffer.concat([...start, field.data], entryBytes); // zero-padded
    values.push(field.data);
    const pointer = unsigned(valuesAt, wide);
    valuesAt += field.data.byteLength;
    return Buffer.concat([...start, pointer]);
  });
  const mark = Buffer.from(fields.littleEndian ? 'II' : 'MM');
  const header = isBig ? [unsigned(43, 2), unsigned(8, 2), unsigned(0, 2)] : [unsigned(42, 2)];
  return Buffer.concat([
    ...[mark, ...header, unsigned(head, wide), unsigned(directory.length, isBig ? 8 : 2), ...directory],
    ...[unsigned(0, wide), ...values, ...strips],
  ]);
}
