export { classifyLayout } from './classify-layout.js';
export { embedLayout } from './embed-layout.js';
export { featuresLayout } from './features-layout.js';
export { chooseFormat, outputKind, unpooledCsv } from './format.js';
