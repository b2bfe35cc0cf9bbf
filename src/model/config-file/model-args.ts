import { ModelError } from '../../errors.js';
import type { ByoModelCfg } from '../config/byo-cfg.js';
import { ignored, integer, list, object, optional, type Reader, string } from '../fields.js';
import { MODEL_FIELDS } from './model-cfg.js';

/** What timm's `model_args` hold besides the `model_cfg` fields that they override. */
export interface ModelArgs {
  readonly cfg: Partial<ByoModelCfg>;
  readonly globalPool: string | undefined;
  readonly outputStride: number | undefined;
  readonly imageSize: { readonly height: number; readonly width: number } | undefined;
  readonly numClasses: number | undefined;
}

const size: Reader<ModelArgs['imageSize']> = (value, where) => {
  const pixels = integer(1, 16_384);
  if (!Array.isArray(value)) {
    const side = pixels(value, where);
    return { height: side, width: side };
  }
  const [height = 0, width = 0] = list(pixels, 2)(value, where);
  return { height, width };
};

const rgb: Reader<undefined> = (value, where) => {
  if (value !== undefined && value !== null && value !== 3) {
    throw new ModelError(`${where}: expected 3 channels, received ${JSON.stringify(value)}`);
  }
  return undefined;
};

const { blocks: _, ...cfgFields } = MODEL_FIELDS;

const readArgs = object({
  ...cfgFields,
  global_pool: optional(string, undefined),
  output_stride: optional(integer(1, 65_536), undefined),
  img_size: optional(size, undefined),
  num_classes: optional(integer(0, 1_000_000), undefined),
  in_chans: rgb,
  // for training only
  drop_rate: ignored,
  drop_path_rate: ignored,
  drop_block_rate: ignored,
  drop_block_size: ignored,
  grad_checkpointing: ignored,
  pretrained: ignored,
  scriptable: ignored,
  exportable: ignored,
});

/**
 * Parses the arguments of timm's `create_model`: those of `ByobNet`, and fields of its `ByoModelCfg`.
 *
 * @throws ModelError for an unknown argument, listing the known ones
 */
export const modelArgs: Reader<ModelArgs> = (value, where) => {
  const {
    global_pool: globalPool,
    output_stride: outputStride,
    img_size: imageSize,
    num_classes: numClasses,
    ...cfg
  } = readArgs(value ?? {}, where);
  return { cfg: cfg as Partial<ByoModelCfg>, globalPool, outputStride, imageSize, numClasses };
};
