/** The part of an image to use, as left, top, width and height: in pixels, or in percent of its width and height. */
export interface Crop {
  readonly unit: 'pixel' | 'percent';
  readonly box: readonly [left: number, top: number, width: number, height: number];
}

const NUMBER = String.raw`-?\d{1,9}(?:\.\d{1,9})?`;
const FRAGMENT = new RegExp(`#xywh=(?:(pixel|percent):)?(${NUMBER}),(${NUMBER}),(${NUMBER}),(${NUMBER})$`);

/** A path, and the crop behind it. */
export interface CropPath {
  readonly path: string;
  readonly crop: Crop;
  readonly fragment: string; // as given
}

/**
 * Returns the path and the crop of an id such as `photos/a.jpg#xywh=10,20,30,40`; undefined for one without a crop. The
 * fragment is that of W3C media fragments, with decimals: https://www.w3.org/TR/media-frags/#naming-space
 */
export function cropPath(id: string): CropPath | undefined {
  const [fragment, unit = 'pixel', ...numbers] = FRAGMENT.exec(id) ?? [];
  if (fragment === undefined) return undefined;
  const box = numbers.map(Number) as unknown as Crop['box'];
  return { path: id.slice(0, -fragment.length), crop: { unit: unit as Crop['unit'], box }, fragment };
}

const DECIMALS = 6; // of a number in an id

/**
 * Returns the crop of four numbers, or of text that stands for them; undefined if any is not a number, or beyond all images.
 *
 * @param isFraction whether they are in 0..1 of the width and height, not pixels
 */
export function cropOf(values: readonly unknown[], isFraction: boolean): Crop | undefined {
  const numbers = values.map(numberOf).map((one) => Number((isFraction ? 100 * one : one).toFixed(DECIMALS)));
  if (numbers.length !== 4 || !numbers.every((one) => Math.abs(one) < 1e9)) return undefined;
  return { unit: isFraction ? 'percent' : 'pixel', box: numbers as unknown as Crop['box'] };
}

function numberOf(value: unknown): number {
  if (typeof value === 'string' && value.trim() !== '') return Number(value);
  return typeof value === 'number' ? value : Number.NaN;
}

/** Returns what stands for a crop behind the path of its image. */
export const cropFragment = ({ unit, box }: Crop): string =>
  `#xywh=${unit === 'pixel' ? '' : `${unit}:`}${box.map((one) => one.toFixed(DECIMALS).replace(/\.?0+$/, '')).join(',')}`;
