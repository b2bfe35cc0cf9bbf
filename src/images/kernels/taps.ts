import type { Axis, Interpolation } from '../geometry.js';

/** The source pixels under the kernel of one resized pixel. */
export interface Span {
  readonly start: number;
  readonly end: number; // exclusive
}

/** For each pixel in a run of resized pixels: the source pixels it is computed from, and their weights. */
export interface Taps {
  readonly spans: readonly Span[];
  readonly weights: Int32Array; // in 1 / 2^22, one pixel after another
}

const PRECISION = 2 ** 22;

interface Kernel {
  readonly support: number; // source pixels on either side, unless the image is reduced
  readonly weight: (x: number) => number;
}

const KERNELS: Readonly<Record<Interpolation, Kernel>> = {
  bicubic: { support: 2, weight: cubic },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
};

/** Keys' cubic with a = -0.5, with Pillow's order of operations. */
function cubic(x: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * -0.5 : 0;
}

/** Computes the span of one resized pixel, with the rounding of Pillow's `precompute_coeffs` (Resample.c). */
function spanOf({ source, resized }: Sizes, interpolation: Interpolation, pixel: number): Span {
  const scale = source / resized;
  const support = KERNELS[interpolation].support * Math.max(scale, 1); // a reduction widens the kernel: antialiasing
  const centre = (pixel + 0.5) * scale;
  return {
    start: Math.max(0, Math.trunc(centre - support + 0.5)),
    end: Math.min(source, Math.trunc(centre + support + 0.5)),
  };
}

type Sizes = Pick<Axis, 'source' | 'resized'>;

/** Returns the source pixels that a run of resized pixels is computed from. */
export function spanOfRun({ first, count, ...sizes }: Run, interpolation: Interpolation): Span {
  return {
    start: spanOf(sizes, interpolation, first).start,
    end: spanOf(sizes, interpolation, first + count - 1).end,
  };
}

type Run = Pick<Axis, 'source' | 'resized' | 'first' | 'count'>;

/** Computes the taps of a run of resized pixels as Pillow does for 8-bit samples. */
export function tapsOf({ first, count, ...sizes }: Run, interpolation: Interpolation): Taps {
  const { weight } = KERNELS[interpolation];
  const scale = sizes.source / sizes.resized;
  const shrink = 1 / Math.max(scale, 1);
  const spans = Array.from({ length: count }, (_, i) => spanOf(sizes, interpolation, first + i));
  const weights = new Int32Array(spans.reduce((sum, { start, end }) => sum + end - start, 0));
  let at = 0;
  for (const [i, { start, end }] of spans.entries()) {
    const centre = (first + i + 0.5) * scale;
    const raw = new Float64Array(end - start);
    let total = 0;
    for (let tap = 0; tap < raw.length; tap++) {
      const value = weight((start + tap - centre + 0.5) * shrink);
      raw[tap] = value;
      total += value;
    }
    for (const value of raw) weights[at++] = fixedPoint(total === 0 ? value : value / total);
  }
  return { spans, weights };
}

/** Rounds to the nearest, halves away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * PRECISION + (weight < 0 ? -0.5 : 0.5));
}
