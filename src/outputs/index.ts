export { checkOutput } from './check-output.js';
export { openClassifySink } from './classify-sink.js';
export { openEmbedSink } from './embed-sink.js';
export { openFeaturesSink } from './features-sink.js';
export { chooseFormat } from './format.js';
