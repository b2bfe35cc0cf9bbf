/** An EXIF block of one field, without a prefix. */
export function exifBlock(
  value: number,
  { type = 3, tag = 0x0112, order = 'II' as 'II' | 'MM' } = {},
): Buffer {
  const block = Buffer.alloc(8 + 2 + 12 + 4);
  const [short, long] =
    order === 'II'
      ? [block.writeUInt16LE.bind(block), block.writeUInt32LE.bind(block)]
      : [block.writeUInt16BE.bind(block), block.writeUInt32BE.bind(block)];
  block.write(order, 'latin1');
  short(42, 2);
  long(8, 4);
  short(1, 8);
  short(tag, 10);
  short(type, 12);
  long(1, 14);
  if (type === 1) block[18] = value;
  else if (type === 3) short(value, 18);
  else long(value, 18);
  return block;
}

/** An XMP packet that holds an orientation, in either notation. */
export const xmpPacket = (orientation: number, as: 'attribute' | 'element' = 'attribute') => {
  const property =
    as === 'attribute'
      ? ` tiff:Orientation="${orientation}"/>`
      : `><tiff:Orientation>${orientation}</tiff:Orientation></rdf:Description>`;
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"${property}</rdf:RDF></x:xmpmeta>`;
};
