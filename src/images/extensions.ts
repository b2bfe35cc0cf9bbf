/**
 * The file name extensions that a directory is searched for: lower case, with the dot. A file named on its own is tried
 * whatever its extension. HEIC and JPEG 2000 are included even where their optional packages are not installed: a row that says
 * so is better than skipping photos silently.
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
  '.heic',
  '.heif',
  '.hif',
  '.jp2',
  '.jpf',
  '.jpx',
  '.j2k',
  '.j2c',
  '.jpc',
]);
