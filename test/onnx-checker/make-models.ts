// Writes the ONNX files that check.sh checks with ONNX's own checker: every network of fixtures/, in both precisions.
// node dist/test/onnx-checker/make-models.js FOLDER
import { readdirSync, writeFileSync } from 'node:fs';
import { converted } from '../support/converted.js';

const [folder = ''] = process.argv.slice(2);
const networks = ['options', 'architectures'].flatMap((kind) =>
  readdirSync(`fixtures/parity/${kind}`).map((name) => `fixtures/parity/${kind}/${name}`),
);

for (const model of ['demo', ...networks]) {
  for (const precision of ['fp32', 'fp16'] as const) {
    const onnx = await converted(model, { precision, more: ['unpooled', 'stage0'] });
    writeFileSync(`${folder}/${model.replaceAll('/', '-')}.${precision}.onnx`, onnx);
  }
}
