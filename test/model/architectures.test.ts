import assert from 'node:assert/strict';
import { ARCHITECTURES, defaultTag } from '../../src/model/config/architectures/index.js';
import { TIMM_MODELS, type TimmTag } from '../support/timm-checkpoints.js';

const pretrained = (timm: TimmTag) => ({
  height: timm.input_size[1],
  width: timm.input_size[2],
  mean: timm.mean,
  std: timm.std,
  cropPct: timm.crop_pct,
  cropMode: timm.crop_mode,
  interpolation: timm.interpolation,
});

describe('ARCHITECTURES', () => {
  it('match the architectures of timm', () => {
    assert.deepEqual(Object.keys(ARCHITECTURES).sort(), Object.keys(TIMM_MODELS).sort());
    assert.equal(Object.keys(ARCHITECTURES).length, 68);
  });

  it('sort by name, with numbers by value', () => {
    const names = Object.keys(ARCHITECTURES);
    assert.ok(names.indexOf('regnetz_d8') < names.indexOf('regnetz_d32'));
    assert.equal(names[0], 'bat_resnext26ts');
  });

  for (const [name, { tags: timmTags }] of Object.entries(TIMM_MODELS)) {
    it(`${name} has timm's checkpoints`, () => {
      const architecture = ARCHITECTURES[name];
      assert.ok(architecture);
      const { '': timmDefault, ...named } = timmTags;
      assert.deepEqual(Object.keys(architecture.tags), Object.keys(named)); // in order: the first is the default
      assert.deepEqual(named[defaultTag(architecture)], timmDefault);
      for (const [tag, timm] of Object.entries(named)) {
        assert.deepEqual(architecture.tags[tag], {
          pretrained: pretrained(timm),
          numClasses: timm.num_classes,
          published: timm.hf_hub_id !== undefined,
          license: timm.license,
        });
        assert.ok([`timm/${name}.${tag}`, undefined].includes(timm.hf_hub_id), `${timm.hf_hub_id}`);
      }
    });
  }
});
