import type { Sharp } from 'sharp';

/** A picture encoded by sharp, taken out of its container. */
interface Picture {
  readonly configuration: Buffer; // av1C
  readonly data: Buffer;
}

export interface AvifOptions {
  readonly alpha?: Sharp;
  readonly premultiplied?: boolean; // whether the file claims so
  readonly irot?: number; // anti-clockwise quarter turns
  readonly imir?: number; // 0 upside down, 1 left to right
  readonly brands?: readonly string[];
  readonly boxes?: readonly Buffer[]; // inserted between the meta box and the data
  readonly still?: boolean; // false: without the meta box
}

// Code points of sRGB's primaries and transfer, BT.601's matrix and the full range, as sharp encodes.
const BT_601 = Buffer.concat([Buffer.from('nclx'), Buffer.from([0, 1, 0, 13, 0, 6, 0x80])]);

/** An AVIF file (ISO/IEC 23000-22) of pictures that sharp encodes, with options that sharp cannot write. */
export async function avifFile(
  image: Sharp,
  width: number,
  height: number,
  options: AvifOptions = {},
): Promise<Buffer> {
  const { alpha, premultiplied, irot, imir, boxes = [], still = true } = options;
  const { brands = ['avif', 'mif1', 'miaf'] } = options;
  const colour = await pictureOf(image);
  const pictures = alpha === undefined ? [colour] : [colour, await pictureOf(alpha)];
  const ispe = fullBox('ispe', uint32(width), uint32(height));
  const properties = [
    ...[ispe, box('av1C', colour.configuration), box('colr', BT_601)],
    ...(irot === undefined ? [] : [box('irot', Buffer.from([irot]))]),
    ...(imir === undefined ? [] : [box('imir', Buffer.from([imir]))]),
  ];
  const own = properties.map((_, i) => i + 1);
  const others: Buffer[] = [];
  if (pictures[1] !== undefined) {
    others.push(box('av1C', pictures[1].configuration));
    others.push(fullBox('auxC', Buffer.from('urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0')));
  }
  const associations = [own, [1, ...others.map((_, i) => properties.length + 1 + i)]];
  const items = pictures.map((_, i) =>
    Buffer.concat([box('infe', Buffer.from([2, 0, 0, 0, 0, i + 1, 0, 0]), Buffer.from('av01\0'))]),
  );
  const references = [
    box('auxl', uint16(2), uint16(1), uint16(1)),
    ...(premultiplied ? [box('prem', uint16(1), uint16(1), uint16(2))] : []),
  ];
  const meta = (first: number) => {
    let at = first;
    const places = pictures.map(({ data }, i) => {
      const place = [uint16(i + 1), uint16(0), uint16(1), uint32(at), uint32(data.byteLength)];
      at += data.byteLength;
      return Buffer.concat(place);
    });
    return fullBox(
      'meta',
      ...[
        fullBox('hdlr', Buffer.alloc(4), Buffer.from('pict'), Buffer.alloc(13)),
        fullBox('pitm', uint16(1)),
      ],
      fullBox('iloc', Buffer.from([0x44, 0]), uint16(places.length), ...places),
      fullBox('iinf', uint16(items.length), ...items),
      ...(pictures.length > 1 ? [fullBox('iref', ...references)] : []),
      box(
        'iprp',
        box('ipco', ...properties, ...others),
        fullBox(
          'ipma',
          uint32(pictures.length),
          ...pictures.map((_, i) =>
            Buffer.from([0, i + 1, associations[i]?.length ?? 0, ...(associations[i] ?? [])]),
          ),
        ),
      ),
    );
  };
  const [major = 'avif', ...compatible] = brands;
  const type = box('ftyp', Buffer.from(major), uint32(0), ...compatible.map((brand) => Buffer.from(brand)));
  const head = (first: number) => Buffer.concat([type, ...(still ? [meta(first)] : []), ...boxes]);
  const start = head(0).byteLength + 8;
  return Buffer.concat([head(start), box('mdat', ...pictures.map(({ data }) => data))]);
}

async function pictureOf(image: Sharp): Promise<Picture> {
  const file = await image.avif({ quality: 100, effort: 0, chromaSubsampling: '4:4:4' }).toBuffer();
  return {
    configuration: content(file, 'av1C'),
    data: content(file, 'mdat'),
  };
}

function content(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type);
  return file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
}

const uint16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const uint32 = (value: number) => Buffer.concat([uint16(value >>> 16), uint16(value & 0xffff)]);

export function box(type: string, ...content: Uint8Array[]): Buffer {
  const data = Buffer.concat(content);
  return Buffer.concat([uint32(data.byteLength + 8), Buffer.from(type), data]);
}

const fullBox = (type: string, ...content: Uint8Array[]) => box(type, Buffer.alloc(4), ...content);
