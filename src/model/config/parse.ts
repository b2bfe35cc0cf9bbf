import { ModelError } from '../../errors.js';
import { ARCHITECTURES } from './architectures/index.js';
import type { ByoModelCfg } from './byo-cfg.js';
import { integer, list, number, oneOf, optional, type Reader, record, string, without } from './fields.js';
import { modelCfg } from './model-cfg.js';
import type { PretrainedCfg } from './pretrained.js';

/** A checkpoint's config.json, checked. */
export interface ModelConfig {
  readonly architecture: string;
  readonly cfg: ByoModelCfg;
  readonly numClasses: number; // 0: no classifier
  readonly pretrained: PretrainedCfg;
  readonly labelNames: readonly string[] | undefined; // one per class
  readonly labelDescriptions: ReadonlyMap<string, string> | undefined; // by label name
}

/**
 * Checks the text of a checkpoint's `config.json` (timm's hub format, with an optional `model_cfg` of its own).
 *
 * @param where the path or URL that errors speak of
 * @throws ModelError naming the field, what was expected and what was found
 */
export function parseModelConfig(text: string, where: string): ModelConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`${where}: not valid JSON`, { cause });
  }
  const root = record(json, where);
  const architecture = string(root.architecture, `${where}: architecture`);
  without('avg')(root.global_pool, `${where}: global_pool`);
  without()(root.model_args, `${where}: model_args`);
  const pretrained = record(root.pretrained_cfg ?? root, `${where}: pretrained_cfg`);
  const numClasses = integer(0)(root.num_classes ?? pretrained.num_classes, `${where}: num_classes`);
  const labelNames = optional(list(string), undefined)(
    root.label_names ?? pretrained.label_names,
    `${where}: label_names`,
  );
  if (labelNames !== undefined && labelNames.length !== numClasses) {
    throw new ModelError(`${where}: label_names has ${labelNames.length} names for ${numClasses} classes`);
  }
  return {
    architecture,
    cfg: readModelCfg(root.model_cfg, architecture, where),
    numClasses,
    pretrained: readPretrained(pretrained, `${where}: pretrained_cfg`),
    labelNames,
    labelDescriptions: readDescriptions(
      root.label_descriptions ?? pretrained.label_descriptions,
      `${where}: label_descriptions`,
    ),
  };
}

function readModelCfg(value: unknown, architecture: string, where: string): ByoModelCfg {
  if (value !== undefined && value !== null) return modelCfg(value, `${where}: model_cfg`);
  const known = Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
  if (known === undefined) {
    throw new ModelError(`${where}: unknown architecture ${JSON.stringify(architecture)}`, {
      hint: `Known: ${Object.keys(ARCHITECTURES).join(', ')}. A config.json may describe its own in "model_cfg".`,
    });
  }
  return known.cfg;
}

function readPretrained(source: Readonly<Record<string, unknown>>, where: string): PretrainedCfg {
  const triple = (field: string, reader: Reader<number>) => {
    const [r = 0, g = 0, b = 0] = list(reader, 3)(source[field], `${where}.${field}`);
    return [r, g, b] as const;
  };
  const [channels, height, width] = triple('input_size', integer(1));
  if (channels !== 3) throw new ModelError(`${where}.input_size: expected 3 channels, received ${channels}`);
  return {
    height,
    width,
    mean: triple('mean', number()),
    std: triple('std', number(1e-6)),
    cropPct: optional(number(0.01, 1), 0.875)(source.crop_pct, `${where}.crop_pct`),
    cropMode: optional(oneOf(['center', 'squash', 'border']), 'center' as const)(
      source.crop_mode,
      `${where}.crop_mode`,
    ),
    interpolation: optional(oneOf(['bicubic', 'bilinear']), 'bicubic' as const)(
      source.interpolation,
      `${where}.interpolation`,
    ),
  };
}

function readDescriptions(value: unknown, where: string): ReadonlyMap<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  return new Map(
    Object.entries(record(value, where)).map(([label, text]) => [label, string(text, `${where}.${label}`)]),
  );
}
