/**
 * The file name extensions that a directory is searched for: lower case, with the dot. Each is decoded by the prebuilt
 * sharp. HEIC, BMP, JPEG XL and JPEG 2000 are not; a file named on its own is tried whatever its extension.
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
]);
