import { roundHalfEven } from '../rounding.js';

/** The settings of timm's evaluation transform for a model. Mean and deviation are applied inside the graph, not here. */
export interface Preprocessing {
  readonly height: number; // of the model's input, in pixels
  readonly width: number;
  readonly cropPct: number; // the crop's share of the resized image, above 0
  readonly cropMode: 'center' | 'squash' | 'border';
  readonly interpolation: Interpolation;
  readonly fill: readonly [number, number, number]; // RGB 0..255, the padding of border mode
  readonly autoOrient: boolean; // turn the image upright by its EXIF orientation
  readonly decode: Decode;
  readonly maxPixels: number; // larger images are refused
  readonly failOn: FailOn;
}

export type Interpolation = 'bicubic' | 'bilinear';

/**
 * The faults in its data that fail an image. Each level includes those before it: none, an early end, decoder errors, decoder
 * warnings.
 */
export const FAULTS = ['none', 'truncated', 'error', 'warning'] as const;

export type FailOn = (typeof FAULTS)[number];

/**
 * How pixels are computed:
 * - `exact`: Pillow's arithmetic on the decoded image;
 * - `near`: resized by libvips while it decodes;
 * - `fast`: as `near`, but leaves more of a large reduction to the JPEG or WebP decoder.
 */
export const DECODES = ['exact', 'near', 'fast'] as const;

export type Decode = (typeof DECODES)[number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One axis of a resize, and the run of resized pixels that is kept. */
export interface Axis {
  readonly source: number; // pixels before the resize
  readonly resized: number; // pixels after it
  readonly first: number; // the first resized pixel kept
  readonly count: number; // resized pixels kept
  readonly at: number; // position of the first in the output; the rest is padding
}

export interface ResizePlan {
  readonly horizontal: Axis;
  readonly vertical: Axis;
  readonly interpolation: Interpolation;
  readonly fill: readonly [number, number, number]; // RGB 0..255 of the padding
}

const BLACK = [0, 0, 0] as const;

/**
 * Plans what timm's `transforms_imagenet_eval` does to an image of `source` pixels: the resized size, the centre crop and the
 * padding.
 *
 * @param source size of the upright image
 */
export function planResize(source: Size, preprocessing: Preprocessing): ResizePlan {
  const { height, width, cropMode, fill } = preprocessing;
  const scale = scaleSize(preprocessing);
  const resized = resizedSize(source, scale, cropMode);
  // For a target that is not square, timm builds ResizeKeepRatio without an interpolation, so that class's default
  // applies.
  const quirk = cropMode === 'center' && scale.width !== scale.height;
  return {
    horizontal: centreAxis(source.width, resized.width, width),
    vertical: centreAxis(source.height, resized.height, height),
    interpolation: quirk ? 'bilinear' : preprocessing.interpolation,
    fill: cropMode === 'border' ? fill : BLACK,
  };
}

/** timm's `scale_size`: the size of the image after the resize and before the crop. */
function scaleSize({ height, width, cropPct }: Preprocessing): Size {
  return { width: Math.floor(width / cropPct), height: Math.floor(height / cropPct) };
}

function resizedSize(source: Size, scale: Size, cropMode: Preprocessing['cropMode']): Size {
  if (cropMode === 'squash') return scale;
  if (cropMode === 'center' && scale.width === scale.height) return shorterSideTo(source, scale.width);
  return keepRatio(source, scale, cropMode === 'border' ? Math.max : Math.min);
}

/** torchvision's `Resize(int)`: the shorter side becomes `size`, the longer one is truncated in proportion. */
function shorterSideTo({ width, height }: Size, size: number): Size {
  if (width <= height) return { width: size, height: Math.trunc((size * height) / width) };
  return { width: Math.trunc((size * width) / height), height: size };
}

/** timm's `ResizeKeepRatio`: its `longest` is 1 for `Math.max` and 0 for `Math.min`. */
function keepRatio({ width, height }: Size, target: Size, choose: typeof Math.max): Size {
  const ratio = choose(height / target.height, width / target.width);
  // Pillow refuses an image that rounds to zero pixels, such as 8000 x 2 in border mode: keep one.
  const scaled = (pixels: number) => Math.max(1, roundHalfEven(pixels / ratio));
  return { width: scaled(width), height: scaled(height) };
}

/** torchvision's `CenterCrop`, which pads an image that is too small: the odd pixel of padding goes right and below. */
function centreAxis(source: number, resized: number, output: number): Axis {
  if (resized >= output) {
    return { source, resized, first: roundHalfEven((resized - output) / 2), count: output, at: 0 };
  }
  return { source, resized, first: 0, count: resized, at: Math.floor((output - resized) / 2) };
}
