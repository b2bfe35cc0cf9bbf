import assert from 'node:assert/strict';
import { ARCHITECTURES, defaultTag } from '../../src/model/config/architectures/index.js';
import { readModelConfig } from '../../src/model/config-file/parse.js';
import { summarize } from '../../src/model/summary.js';
import { blankWeights } from '../../src/model/weights.js';
import { TIMM_MODELS } from '../support/timm-checkpoints.js';

describe('networks of known architectures', () => {
  for (const [name, timm] of Object.entries(TIMM_MODELS)) {
    it(`${name} has exactly the tensors, parameters and features of timm`, () => {
      const known = ARCHITECTURES[name];
      assert.ok(known);
      const config = readModelConfig(
        { architecture: name, pretrained_cfg: { tag: defaultTag(known) } },
        name,
      );
      const weights = blankWeights();
      const summary = summarize({ network: config, ...config.pretrained }, weights);
      assert.deepEqual(
        Object.fromEntries([...weights.taken].sort()),
        Object.fromEntries(Object.entries(timm.tensors).sort()),
      );
      assert.equal(summary.parameters, timm.parameters);
      assert.deepEqual(
        summary.stages.map(({ channels, reduction, module }) => ({ num_chs: channels, reduction, module })),
        timm.feature_info,
      );
      assert.equal(summary.features, timm.head_hidden_size);
    });
  }
});
