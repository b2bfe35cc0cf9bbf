export { interpolateChroma, recoverChroma } from './chroma';
export { cmykToRgb, unpremultiply } from './colours';
export { resampleRow, resampleRows } from './resample';
