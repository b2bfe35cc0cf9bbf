const hex = (...parts: readonly string[]) => Buffer.from(parts.join(''), 'hex');

const base64 = (...parts: readonly string[]) => Buffer.from(parts.join(''), 'base64');

const [FILE_HEADER, BITMAP_HEADER] = ['424d3a000000000000003600', '28000000010000000100000001001800'];
const BITMAP = hex(FILE_HEADER, '0000', BITMAP_HEADER, '00'.repeat(24), '99663300');

/** A one-pixel image in each format that sharp does not write. */
export const WRITTEN: Readonly<Record<string, () => Buffer>> = {
  SVG: () =>
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="5" height="5"/></svg>',
    ),
  BMP: () => BITMAP,
  ICO: () => {
    const image = Buffer.concat([BITMAP.subarray(14), Buffer.alloc(4)]); // the mask
    image[8] = 2; // the height includes it
    return Buffer.concat([hex('000001000100', '0101000001001800', '30000000', '16000000'), image]);
  },
  PNM: () => Buffer.from('P3 1 1 255 51 102 153'),
  QOI: () => hex('716f6966', '00000001', '00000001', '0300', 'fe336699', '0000000000000001'),
  TGA: () => hex('000002', '0000000000', '00000000', '01000100', '1800', '996633'),
};

/** One-pixel images in the formats that need an optional package: one by OpenJPEG, one by libheif's heif-enc. */
export const OPTIONAL: Readonly<Record<string, () => Buffer>> = {
  'JPEG 2000': () =>
    hex(
      'ff4fff51002f000000000001000000010000000000000000000000010000000100000000000000000003070101070101',
      '070101ff52000c00000001000004040001ff5c00044040ff90000a00000000001d0001ff93cfb40806bfc3e704083fc3',
      'e70401cfffd9',
    ),
  HEIC: () =>
    base64(
      'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAa1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA',
      'AAAAAA5waXRtAAAAAAACAAAAEGlkYXQAAAAAAAgACAAAADhpbG9jAQAAAERAAAIAAQAAAAAAAAHRAAEAAAAAAAAAKgACAAEA',
      'AAAAAAAAAQAAAAAAAAAIAAAAOGlpbmYAAAAAAAIAAAAVaW5mZQIAAAEAAQAAaHZjMQAAAAAVaW5mZQIAAAAAAgAAZ3JpZAAA',
      'AADYaXBycAAAALZpcGNvAAAAdmh2Y0MBA3AAAAAAAAAAAAAe8AD8/fj4AAAPAyAAAQAYQAEMAf//A3AAAAMAkAAAAwAAAwAe',
      'ugJAIQABACpCAQEDcAAAAwCQAAADAAADAB6gIIEFluqumubgQEDAgAAAAwCAAAADAIQiAAEABkQBwXPBiQAAABRpc3BlAAAA',
      'AAAAAEAAAABAAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCAgIAAAAGmlwbWEAAAAAAAAAAgABAoECAAICA4QA',
      'AAAaaXJlZgAAAAAAAAAOZGltZwACAAEAAQAAADJtZGF0AAAAJigBrxkhXkJA712lv/9WMI3UN+hW3ymSgKaXBNeImQsDgYCN',
      'kZ04',
    ),
};
