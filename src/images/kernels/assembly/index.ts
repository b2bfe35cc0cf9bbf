export { interpolateChroma, recoverChroma } from './chroma';
export { cmykToRgb, unpremultiply } from './colours';
export { countLzwPixels } from './lzw';
export { resampleRow, resampleRows } from './resample';
