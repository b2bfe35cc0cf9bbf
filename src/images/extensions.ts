/**
 * The file name extensions that a directory is searched for: lower case, with the dot. A file named on its own is tried
 * whatever its extension.
 */
export const DECODABLE_EXTENSIONS: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.apng',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.svg',
  '.svgz',
  '.bmp',
  '.dib',
  '.ico',
  '.cur',
  '.pnm',
  '.pbm',
  '.pgm',
  '.ppm',
  '.qoi',
  '.tga',
]);
