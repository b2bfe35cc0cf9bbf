import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ModelError } from '../../src/errors.js';
import { buildNetwork } from '../../src/model/build.js';
import { readModelConfig } from '../../src/model/config-file/parse.js';
import { blankWeights } from '../../src/model/weights.js';

interface Refused {
  readonly error: string; // timm's
  readonly config: Readonly<Record<string, unknown>>;
}

const REFUSED = JSON.parse(readFileSync('fixtures/parity/refused.json', 'utf8')) as Readonly<
  Record<string, Refused>
>;

// Networks that halonet accepts although timm does not, with the reason.
const MISTYPED = 'timm writes *dd for **dd there';
const BY_NAME = 'a config has no other way to name an activation';
const AFTER_STRIDE = 'timm takes the size of the map before the convolution strides';
const ACCEPTED: Readonly<Record<string, string>> = {
  'attn-ge': MISTYPED,
  'attn-ge-extent2': MISTYPED,
  'attn-ge-extent4': MISTYPED,
  'attn-ge-extent8': MISTYPED,
  'attn-ge-add-maxpool': MISTYPED,
  'attn-ge-extra-params-extent2': MISTYPED,
  'attn-ge-extra-params-extent2-no-mlp': MISTYPED,
  'attn-cbam-act-string': BY_NAME,
  'attn-coord-act-string': BY_NAME,
  'head-attn-abs-nonsquare': 'timm takes its positions for those of a square map',
  'stem-chs-0-list-stage': 'the first stage has a first block, written as a list or not',
  'self-bottleneck-extra-conv-strided': AFTER_STRIDE,
  'self-lambda-rnone-extra-conv-strided': AFTER_STRIDE,
};

function build(config: Refused['config'], name: string): void {
  const network = readModelConfig({ architecture: name, ...config }, name);
  buildNetwork({ network, ...network.pretrained }, blankWeights());
}

describe('buildNetwork with networks that timm refuses', () => {
  for (const [name, { config, error }] of Object.entries(REFUSED)) {
    const reason = ACCEPTED[name];
    if (reason !== undefined) {
      it(`accepts ${name}: ${reason}`, () => build(config, name));
      continue;
    }
    it(`refuses ${name} (timm: ${error.slice(0, 60)})`, () => {
      assert.throws(() => build(config, name), ModelError);
    });
  }
});
