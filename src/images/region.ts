import type { ResizePlan } from './geometry.js';
import { spanOfRun } from './kernels/taps.js';
import type { Region } from './raster.js';

/** Returns the part of an upright image that a plan's kept pixels depend on. */
export function regionOf({
  horizontal,
  vertical,
  interpolation,
}: Pick<ResizePlan, 'horizontal' | 'vertical' | 'interpolation'>): Region {
  const columns = spanOfRun(horizontal, interpolation);
  const rows = spanOfRun(vertical, interpolation);
  return {
    left: columns.start,
    width: columns.end - columns.start,
    top: rows.start,
    height: rows.end - rows.start,
  };
}
