import { OutputError } from '../errors.js';
import { compressed } from './compressed/compressed-text.js';
import type { AddedColumns } from './csv-line.js';
import { type Format, filesOf } from './formats/format.js';
import { FORMATS } from './formats/registry.js';
import { columnSettings, type OutputLayout } from './layout.js';
import { GLOBAL_POOLS, requireMaps } from './maps.js';
import type { FloatDType, TensorSpec } from './row-tensor.js';

export interface StageSpec {
  readonly name: string; // stage0, stage1, …
  readonly shape: readonly number[]; // [C, H, W], or [C] pooled
}

export interface FeaturesLayoutOptions extends AddedColumns {
  readonly format: Format;
  readonly stages: readonly StageSpec[]; // in the order of the output
  readonly dtype: FloatDType; // element type of every stage
  readonly perImage?: boolean | undefined; // an array for each image and stage, not one for each stage
  readonly csvSafe?: boolean | undefined; // make CSV safe for spreadsheets
}

/**
 * Returns the layout of `features`: the feature maps of several stages per image, or their means.
 * @throws {OutputError} for unpooled stages or files per image in a format that cannot hold them
 */
export function featuresLayout({
  format,
  stages,
  dtype,
  perImage = false,
  csvSafe = false,
  columns = [],
  facts = [],
}: FeaturesLayoutOptions): OutputLayout {
  if (stages.some(({ shape }) => shape.length !== 1)) requireMaps(format, GLOBAL_POOLS);
  const tensors = stages.map(({ name, shape }): TensorSpec => ({ name, dtype, shape }));
  const style = { safe: csvSafe, columns, facts };
  const settings = { format: format.name, dtype, csvSafe, ...columnSettings({ columns, facts }) };
  if (perImage) {
    const part = requirePerImage(format);
    const { arrangement } = part;
    return { arrangement, ...filesOf(part, tensors, style), settings: { ...settings, layout: 'per-image' } };
  }
  const { arrangement } = format.features;
  return compressed(
    { arrangement, ...filesOf(format.features, tensors, style), settings },
    format.compression,
  );
}

/** Returns how a format stores an array for each image. @throws {OutputError} if it cannot */
export function requirePerImage({ title, features }: Format): NonNullable<Format['features']['perImage']> {
  if (features.perImage !== undefined) return features.perImage;
  const others = Object.values(FORMATS).filter((format) => format.features.perImage !== undefined);
  const names = others.map((format) => format.title).join(' or ');
  throw new OutputError(`--layout per-image writes ${names}, not ${title}`, {
    hint: `Name a folder with --output, and pass ${others.map((format) => `--format ${format.name}`).join(' or ')} or no --format.`,
  });
}
