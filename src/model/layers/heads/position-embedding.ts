/** The height and width of a map. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Resamples a learned position embedding for a map of another size, as timm does (`resample_abs_pos_embed`):
 * bicubic with antialiasing; the first token is unchanged.
 *
 * @param embedding [1 + from.height * from.width, channels]
 * @returns [1 + to.height * to.width, channels]
 */
export function resamplePositions(embedding: Float32Array, from: MapSize, to: MapSize): Float32Array {
  const channels = embedding.length / (1 + from.height * from.width);
  const rows = cubicWeights(from.height, to.height);
  const columns = cubicWeights(from.width, to.width);
  const result = new Float32Array((1 + to.height * to.width) * channels);
  result.set(embedding.subarray(0, channels));
  for (const [y, rowWeights] of rows.entries()) {
    for (const [x, columnWeights] of columns.entries()) {
      const at = (1 + y * to.width + x) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [sourceY, rowWeight] of rowWeights) {
          for (const [sourceX, columnWeight] of columnWeights) {
            const source = (1 + sourceY * from.width + sourceX) * channels + c;
            sum += rowWeight * columnWeight * (embedding[source] as number);
          }
        }
        result[at + c] = sum;
      }
    }
  }
  return result;
}

type Weights = readonly (readonly [place: number, weight: number])[];

const A = -0.5; // coefficient of the cubic with antialiasing, as in Pillow
const SUPPORT = 2; // pixels on each side

/** Returns, for each place of an axis, the source places and their weights, which sum to 1 (torch's `interpolate`). */
function cubicWeights(from: number, to: number): readonly Weights[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1); // downsampling widens the filter
  return Array.from({ length: to }, (_, place) => {
    const centre = scale * (place + 0.5);
    const first = Math.max(Math.trunc(centre - SUPPORT * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(centre + SUPPORT * stretch + 0.5), from);
    const weights = Array.from({ length: end - first }, (_, i) =>
      cubic((first + i - centre + 0.5) / stretch),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight, i) => [first + i, weight / total] as const);
  });
}

// Keys' cubic convolution kernel, https://en.wikipedia.org/wiki/Bicubic_interpolation
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
}
