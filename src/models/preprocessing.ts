import type { Preprocessing } from '../images/geometry.js';
import type { PretrainedCfg } from '../model/config/pretrained.js';
import { roundHalfEven } from '../rounding.js';

/** Overrides of a model's own evaluation settings. */
export interface EvaluationOverrides {
  readonly imageSize?: { readonly height: number; readonly width: number } | undefined;
  readonly cropPct?: number | undefined;
  readonly cropMode?: Preprocessing['cropMode'] | undefined;
  readonly interpolation?: Preprocessing['interpolation'] | undefined;
  readonly mean?: readonly [number, number, number] | undefined;
  readonly std?: readonly [number, number, number] | undefined;
}

/** How a job prepares images, where it overrides the model's own settings. */
export interface PreprocessingOverrides extends EvaluationOverrides {
  readonly autoOrient: boolean;
  readonly decode: Preprocessing['decode'];
  readonly maxPixels?: number | undefined; // default MAX_PIXELS
  readonly failOn?: Preprocessing['failOn'] | undefined; // default 'truncated'
}

/** The default limit on the pixels of an image: sharp's own limit, 0x3FFF squared. */
export const MAX_PIXELS = 268_402_689;

/** The default time limit for decoding an image. */
export const DECODE_SECONDS = 60;

/** Applies overrides to a model's evaluation settings. */
export function overridden(own: PretrainedCfg, overrides: EvaluationOverrides): PretrainedCfg {
  const { height, width } = overrides.imageSize ?? own;
  return {
    height,
    width,
    mean: overrides.mean ?? own.mean,
    std: overrides.std ?? own.std,
    cropPct: overrides.cropPct ?? own.cropPct,
    cropMode: overrides.cropMode ?? own.cropMode,
    interpolation: overrides.interpolation ?? own.interpolation,
  };
}

/** Returns the settings that decoding needs. */
export function preprocessingOf(
  settings: PretrainedCfg,
  overrides: Omit<PreprocessingOverrides, keyof EvaluationOverrides>,
): Preprocessing {
  const { autoOrient, decode, maxPixels = MAX_PIXELS, failOn = 'truncated' } = overrides;
  const { height, width, cropPct, cropMode, interpolation } = settings;
  const [r, g, b] = settings.mean;
  return {
    height,
    width,
    cropPct,
    cropMode,
    interpolation,
    autoOrient,
    decode,
    fill: [roundHalfEven(255 * r), roundHalfEven(255 * g), roundHalfEven(255 * b)],
    maxPixels,
    failOn,
  };
}
