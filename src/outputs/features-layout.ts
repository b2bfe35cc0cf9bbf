import { type Format, filesOf } from './formats/format.js';
import { columnSetting, type OutputLayout } from './layout.js';
import { GLOBAL_POOLS, requireMaps } from './maps.js';
import type { FloatDType, TensorSpec } from './row-tensor.js';

export interface StageSpec {
  readonly name: string; // stage0, stage1, …
  readonly shape: readonly number[]; // [C, H, W], or [C] pooled
}

export interface FeaturesLayoutOptions {
  readonly format: Format;
  readonly stages: readonly StageSpec[]; // in the order of the output
  readonly dtype: FloatDType; // element type of every stage
  readonly csvSafe?: boolean | undefined; // make CSV safe for spreadsheets
  readonly columns?: readonly string[] | undefined; // of the items, kept in the text of rows
}

/**
 * Returns the layout of `features`: the feature maps of several stages per image, or their means.
 * @throws {OutputError} for unpooled stages in a format that cannot hold them
 */
export function featuresLayout({
  format,
  stages,
  dtype,
  csvSafe = false,
  columns = [],
}: FeaturesLayoutOptions): OutputLayout {
  const { arrangement } = format.features;
  if (stages.some(({ shape }) => shape.length !== 1)) requireMaps(format, GLOBAL_POOLS);
  const tensors = stages.map(({ name, shape }): TensorSpec => ({ name, dtype, shape }));
  return {
    arrangement,
    ...filesOf(format.features, tensors, { safe: csvSafe, columns }),
    settings: { format: format.name, dtype, csvSafe, ...columnSetting(columns) },
  };
}
