export { classifyLayout } from './classify-layout.js';
export { embedLayout } from './embed-layout.js';
export { featuresLayout, requirePerImage } from './features-layout.js';
export { chooseFormat } from './format.js';
export { GLOBAL_POOLS, requireMaps } from './maps.js';
