// src/images/kernels/assembly/: the AssemblyScript sources of the kernels

export { interpolateChroma, recoverChroma } from './chroma';
export { cmykToRgb, unpremultiply } from './colours';
export { countLzwPixels } from './lzw';
export { plainBits, plainSamples } from './plain-samples';
export { qoi } from './qoi';
export { resampleRow, resampleRows } from './resample';
export { bmpRuns, tgaRuns } from './runs';
export { unpackBytes, unpackIndices, unpackSamples, unpackWords } from './unpack';
