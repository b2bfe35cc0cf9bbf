export { classifyLayout } from './classify-layout.js';
export { embedLayout } from './embed-layout.js';
export { featuresLayout, requireMaps, requirePerImage } from './features-layout.js';
export { chooseFormat } from './format.js';
