import { type Interpolation, type Preprocessing, planResize } from '../../src/images/geometry.js';
import type { Raster } from '../../src/images/raster.js';

// The reference that libvips is compared with: Pillow's arithmetic, pixel by pixel.

// Pillow's fixed-point format: 32 bits, minus 8 for the pixel and 2 of headroom for weights outside 0..1.
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

const KERNELS: Readonly<Record<Interpolation, { support: number; weight: (x: number) => number }>> = {
  bicubic: { support: 2, weight: cubic },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
};

/** Keys' cubic with a = -0.5, as in Pillow. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * -0.5 : 0;
}

/**
 * Applies timm's evaluation transform as Pillow computes it. planResize decides where to crop: geometry.test.ts
 * compares it with timm, and timm.test.ts compares the whole transform.
 */
export function pillowTransform(raster: Raster, settings: Preprocessing): Uint8Array {
  const { horizontal, vertical, interpolation, fill } = planResize(raster, settings);
  const full = pillowResize(raster, horizontal.resized, vertical.resized, interpolation);
  const output = Buffer.alloc(settings.height * settings.width * 3, Uint8Array.from(fill));
  for (let y = 0; y < vertical.count; y++) {
    const start = ((vertical.first + y) * horizontal.resized + horizontal.first) * 3;
    const row = full.data.subarray(start, start + horizontal.count * 3);
    output.set(row, ((vertical.at + y) * settings.width + horizontal.at) * 3);
  }
  return new Uint8Array(output);
}

/**
 * Pillow's `Image.resize`, bit for bit: a horizontal pass, rounded to 8 bits, then a vertical one; since 12.2 in the
 * opposite order for a very tall image that becomes shorter.
 */
export function pillowResize(
  raster: Raster,
  width: number,
  height: number,
  interpolation: Interpolation,
): Raster {
  const isTall = raster.height > 100 * raster.width && height < raster.height;
  if (isTall) return resizeAcross(resizeDown(raster, height, interpolation), width, interpolation);
  return resizeDown(resizeAcross(raster, width, interpolation), height, interpolation);
}

function resizeAcross(
  { width, height, data }: Raster,
  toWidth: number,
  interpolation: Interpolation,
): Raster {
  const rows = new Uint8ClampedArray(height * toWidth * 3);
  for (const [x, taps] of tapsOf(width, toWidth, interpolation).entries()) {
    for (let y = 0; y < height; y++) {
      weigh(data, y * width * 3, 3, taps, rows, (y * toWidth + x) * 3);
    }
  }
  return { width: toWidth, height, data: new Uint8Array(rows.buffer) };
}

function resizeDown({ width, height, data }: Raster, toHeight: number, interpolation: Interpolation): Raster {
  const out = new Uint8ClampedArray(toHeight * width * 3);
  for (const [y, taps] of tapsOf(height, toHeight, interpolation).entries()) {
    for (let x = 0; x < width; x++) {
      weigh(data, x * 3, width * 3, taps, out, (y * width + x) * 3);
    }
  }
  return { width, height: toHeight, data: new Uint8Array(out.buffer) };
}

interface Tap {
  readonly from: number; // source pixel along the axis
  readonly weight: number; // in 1 / 2^22
}

function tapsOf(source: number, resized: number, interpolation: Interpolation): readonly (readonly Tap[])[] {
  const { support, weight } = KERNELS[interpolation];
  const scale = source / resized;
  const stretch = Math.max(scale, 1); // a reduction widens the kernel: antialiasing
  return Array.from({ length: resized }, (_, pixel) => {
    const centre = (pixel + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support * stretch + 0.5));
    const end = Math.min(source, Math.trunc(centre + support * stretch + 0.5));
    const raw = Array.from({ length: end - start }, (_, tap) =>
      weight((start + tap - centre + 0.5) / stretch),
    );
    const total = raw.reduce((sum, value) => sum + value, 0);
    return raw.map((value, tap) => ({ from: start + tap, weight: fixedPoint(value / total) }));
  });
}

/** Rounds to the nearest number, halves away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * (1 << PRECISION_BITS) + (weight < 0 ? -0.5 : 0.5));
}

function weigh(
  source: Uint8Array | Uint8ClampedArray,
  base: number,
  stride: number,
  taps: readonly Tap[],
  out: Uint8ClampedArray,
  at: number,
): void {
  for (let channel = 0; channel < 3; channel++) {
    let sum = HALF;
    for (const { from, weight } of taps) sum += (source[base + from * stride + channel] ?? 0) * weight;
    out[at + channel] = sum >> PRECISION_BITS;
  }
}
