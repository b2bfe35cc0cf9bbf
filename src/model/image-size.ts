import { MapSizeError } from './layers/net.js';

/** The height and width of an image, in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

const STEP = 32; // the stages of the usual networks halve a multiple of 32 evenly
const TRIES = 32; // 1024 pixels up and down

/**
 * Builds a network for an image size. If a layer does not support it (blocks must tile their maps, position
 * embeddings are for one map size), the error names the nearest supported sizes.
 *
 * @param build builds the network for any size; throws MapSizeError for unsupported ones
 * @throws MapSizeError that names the nearest sizes
 */
export function withSizeAdvice<T>({ height, width }: ImageSize, build: (size: ImageSize) => T): T {
  try {
    return build({ height, width });
  } catch (error) {
    if (!(error instanceof MapSizeError)) throw error;
    const sizes = nearestSizes({ height, width }, (size) => works(size, build));
    throw new MapSizeError(
      `an image size of ${height}×${width} does not work with this model: ${error.message}`,
      {
        hint:
          sizes.length > 0
            ? `Pass --image-size ${sizes.join(' or ')}: of the multiples of ${STEP}, the nearest that work.`
            : `No square multiple of ${STEP} near it works.`,
        cause: error,
      },
    );
  }
}

function works(size: ImageSize, build: (size: ImageSize) => unknown): boolean {
  try {
    build(size);
    return true;
  } catch (error) {
    if (error instanceof MapSizeError) return false;
    throw error;
  }
}

/** Returns the nearest sizes below and above: with the other side unchanged if that works, else square. */
function nearestSizes({ height, width }: ImageSize, fits: (size: ImageSize) => boolean): readonly string[] {
  const show = (size: ImageSize) =>
    size.height === size.width ? `${size.height}` : `${size.height}x${size.width}`;
  const variants: ((side: number) => ImageSize)[] =
    height === width
      ? [(side) => ({ height: side, width: side })]
      : [
          (side) => ({ height: side, width }),
          (side) => ({ height, width: side }),
          (side) => ({ height: side, width: side }),
        ];
  for (const [i, at] of variants.entries()) {
    const from = i === 1 ? width : height;
    const found = [search(from, -STEP), search(from, STEP)].filter((side) => side !== undefined);
    if (found.length > 0) return found.map((side) => show(at(side)));

    function search(start: number, step: number): number | undefined {
      const first = step < 0 ? Math.floor(start / STEP) * STEP : Math.ceil(start / STEP) * STEP;
      for (let side = first, tries = 0; side > 0 && tries < TRIES; side += step, tries++) {
        if (fits(at(side))) return side;
      }
      return undefined;
    }
  }
  return [];
}
