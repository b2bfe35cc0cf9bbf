import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ModelError } from '../../src/errors.js';
import { parseModelConfig } from '../../src/model/config-file/parse.js';

type Json = Record<string, unknown>;

const demo = () =>
  JSON.parse(readFileSync('assets/demo-model/config.json', 'utf8')) as Json & {
    model_cfg: Json & { blocks: Json[][] };
    pretrained_cfg: Json;
  };
const parse = (json: unknown) => parseModelConfig(JSON.stringify(json), 'config.json');

function refuses(json: unknown, message: RegExp, hint?: RegExp): void {
  assert.throws(
    () => parse(json),
    (error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, message);
      if (hint) assert.match(error.hint ?? '', hint);
      return true;
    },
  );
}

describe('parseModelConfig', () => {
  it('reads a config with its own model_cfg', () => {
    const config = parse(demo());
    assert.equal(config.architecture, 'halonet_demo');
    assert.equal(config.numClasses, 16);
    assert.equal(config.labelNames?.[0], 'arrow');
    assert.deepEqual(config.pretrained, {
      height: 128,
      width: 128,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      cropPct: 1,
      cropMode: 'center',
      interpolation: 'bicubic',
    });
    assert.equal(config.cfg.blocks[1]?.[1]?.self_attn_kwargs?.halo_size, 3);
  });

  it("reads a config without a model_cfg, as on the hub, with the architecture's own", () => {
    const { model_cfg: _, ...hub } = demo();
    const config = parse({ ...hub, architecture: 'halonet26t', num_classes: 1000, label_names: undefined });
    assert.equal(config.cfg.stem_chs, 64);
    assert.equal(config.labelNames, undefined);
  });

  it('refuses unknown names and fields, and lists the known ones', () => {
    const { model_cfg: cfg, ...rest } = demo();
    const withCfg = (change: Json) => ({ ...rest, model_cfg: { ...cfg, ...change } });
    const withBlock = (change: Json) => withCfg({ blocks: [[{ ...cfg.blocks[0]?.[0], ...change }]] });
    refuses(
      { ...rest, architecture: 'vit' },
      /^config\.json: halonet has no architecture "vit"$/,
      /in halonet models/,
    );
    refuses(
      { ...rest, architecture: 'halonet50' },
      /no architecture "halonet50"/,
      /^Did you mean halonet50ts\?$/,
    );
    refuses(withCfg({ stem: 'x' }), /model_cfg: unknown field "stem"/, /stem_type/);
    refuses(withCfg({ act_layer: 'maxout' }), /act_layer: expected one of "relu", "silu".*received "maxout"/);
    refuses(withCfg({ stem_type: 'toString' }), /stem_type: expected one of .*"tiered"/);
    refuses(withCfg({ attn_layer: 'simam' }), /attn_layer: expected one of "se", .*received "simam"/);
    refuses(withBlock({ type: 'mbconv' }), /blocks\[0\]\[0\]\.type: expected one of .*"self_attn"/);
    refuses(withBlock({ d: 0 }), /blocks\[0\]\[0\]\.d: expected a whole number from 1 to 1000, received 0/);
    refuses(withBlock({ width: 3 }), /blocks\[0\]\[0\]: unknown field "width"/, /type, d, c, s/);
  });

  it('refuses values of the wrong kind, naming the field', () => {
    const config = demo();
    const pretrained = (change: Json) => ({
      ...config,
      pretrained_cfg: { ...config.pretrained_cfg, ...change },
    });
    refuses([], /config\.json: expected an object/);
    refuses({ ...config, num_classes: -1 }, /num_classes: expected a whole number from 0 to 1000000/);
    refuses({ ...config, label_names: ['a'] }, /label_names has 1 names for 16 classes/);
    refuses(pretrained({ input_size: [1, 128, 128] }), /input_size: expected 3 channels, received 1/);
    refuses(
      { ...config, pretrained_cfg: {} },
      /^config\.json: pretrained_cfg\.input_size is missing; expected \[channels, height, width\]$/,
      /config\.json that timm published .* --architecture NAME/,
    );
    refuses(pretrained({ mean: [0.5] }), /pretrained_cfg\.mean: expected a list of 3/);
    refuses(pretrained({ std: [0, 1, 1] }), /pretrained_cfg\.std\[0\]: expected a number/);
    refuses(pretrained({ interpolation: 'nearest' }), /interpolation: expected "bicubic" or "bilinear"/);
    assert.throws(
      () => parseModelConfig('{', 'config.json'),
      /^ModelError: config\.json is not valid JSON: /,
    );
  });

  it("uses timm's defaults for missing fields, but not for null", () => {
    const { model_cfg: cfg, ...rest } = demo();
    const { stem_pool: _, num_features: __, width_factor: ___, ...sparse } = cfg;
    const { cfg: parsed } = parse({ ...rest, model_cfg: sparse });
    assert.equal(parsed.stem_pool, 'maxpool');
    assert.equal(parsed.num_features, 0);
    assert.equal(parsed.width_factor, 1);
    assert.equal(parse({ ...rest, model_cfg: { ...cfg, stem_pool: null } }).cfg.stem_pool, '');
    const bare = { type: 'bottle', d: 1, c: 64 };
    const [[block]] = parse({ ...rest, model_cfg: { ...cfg, blocks: [bare] } }).cfg.blocks as [[unknown]];
    assert.deepEqual(block, {
      ...bare,
      s: 2,
      gs: 0,
      br: 1,
      attn_layer: null,
      attn_kwargs: null,
      self_attn_layer: null,
      self_attn_kwargs: null,
      block_kwargs: null,
    });
  });

  it('accepts names as timm does: in any case, and norms with _ and a suffix', () => {
    const { model_cfg: cfg, ...rest } = demo();
    const names = {
      act_layer: 'SiLU',
      norm_layer: 'Batch_Norm2d-aa',
      aa_layer: 'blur-pool',
      attn_layer: 'SE',
    };
    const { cfg: parsed } = parse({ ...rest, model_cfg: { ...cfg, ...names } });
    assert.deepEqual(
      [parsed.act_layer, parsed.norm_layer, parsed.aa_layer, parsed.attn_layer],
      ['silu', 'batchnorm2d', 'blurpool', 'se'],
    );
    const bound = { type: 'EvoNormS0a', group_size: 16 };
    const { norm_layer: norm } = parse({ ...rest, model_cfg: { ...cfg, norm_layer: bound } }).cfg;
    assert.deepEqual(norm, { type: 'evonorms0a', group_size: 16 });
  });

  it('applies model_args over the model_cfg, and ignores training settings', () => {
    const config = parse({
      ...demo(),
      model_args: {
        act_layer: 'gelu',
        global_pool: 'max',
        output_stride: 16,
        img_size: 256,
        drop_rate: 0.1,
        drop_path_rate: 0.05,
        drop_block_rate: 0.1,
        grad_checkpointing: true,
        in_chans: 3,
      },
    });
    assert.equal(config.cfg.act_layer, 'gelu');
    assert.deepEqual([config.globalPool, config.outputStride], ['max', 16]);
    assert.deepEqual(config.trainedSize, { height: 256, width: 256 });
    refuses({ ...demo(), model_args: { depth: 3 } }, /model_args: unknown field "depth"/, /drop_path_rate/);
    refuses({ ...demo(), model_args: { in_chans: 1 } }, /in_chans: expected 3 channels, received 1/);
  });

  it("completes the config of a known architecture from timm's table, by tag", () => {
    const { pretrained, numClasses } = parse({
      architecture: 'resnet50_clip',
      pretrained_cfg: { tag: 'openai' },
    });
    assert.deepEqual([numClasses, pretrained.height], [1024, 224]);
    assert.equal(pretrained.mean[0], 0.48145466);
    assert.equal(parse({ architecture: 'halonet50ts', num_classes: 37 }).numClasses, 37);
  });

  it('detects misspelled names and implausible values that timm does not check', () => {
    refuses({ ...demo(), output_strid: 16 }, /unknown field "output_strid"/, /Did you mean output_stride\?/);
    const { pretrained_cfg: source } = demo();
    refuses(
      { ...demo(), pretrained_cfg: { ...source, crop_ptc: 1 } },
      /pretrained_cfg: unknown field/,
      /crop_pct/,
    );
    parse({
      ...demo(),
      num_features: 512,
      pretrained_cfg: { ...source, pool_size: [4, 4], test_crop_pct: 1 },
    });
    const { model_cfg: cfg } = demo();
    refuses(
      { ...demo(), model_cfg: { ...cfg, act_layer: 'sillu' } },
      /received "sillu"/,
      /Did you mean "silu"/,
    );
    refuses(
      { ...demo(), pretrained_cfg: { ...source, mean: [123, 116, 103] } },
      /mean\[0\]: expected a number from -1 to 1/,
    );
  });

  it('explains that timm reads global_pool only in model_args', () => {
    refuses(
      { ...demo(), global_pool: 'max' },
      /global_pool is "max"/,
      /"model_args": \{"global_pool": "max"\}/,
    );
    assert.equal(parse({ ...demo(), global_pool: 'avg' }).globalPool, undefined);
    assert.equal(
      parse({ ...demo(), global_pool: 'avg', model_args: { global_pool: 'max' } }).globalPool,
      'max',
    );
  });

  it('reads a file with a byte order mark', () => {
    assert.equal(parseModelConfig(`\uFEFF${JSON.stringify(demo())}`, 'config.json').numClasses, 16);
  });

  it('refuses networks without blocks, and names of Object.prototype', () => {
    const { model_cfg: cfg, ...rest } = demo();
    refuses({ ...rest, model_cfg: { ...cfg, blocks: [] } }, /blocks: expected a list of at least one/);
    refuses({ ...rest, model_cfg: { ...cfg, blocks: [[]] } }, /blocks\[0\]: expected a list of at least one/);
    refuses({ ...rest, architecture: 'constructor' }, /halonet has no architecture "constructor"/);
  });
});
