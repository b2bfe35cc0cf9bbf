import { type Crop, cropFragment } from '../crop.js';
import type { ImageFailure } from '../errors.js';
import type { Item } from '../item.js';

const TWICE: ImageFailure = {
  code: 'invalid_crop',
  message: 'a box in a part of an image; halonet crops an image once',
};

/**
 * Returns a part of an item's image as an item of its own.
 *
 * @param fragment what stands for the crop in its id
 */
export function cropped(item: Item, crop: Crop, fragment = cropFragment(crop)): Item {
  const { columns } = item;
  const named = {
    id: item.id + fragment,
    target: (item.target ?? item.id) + cropFragment(crop), // the same, however the numbers are spelled
    columns,
    identify: () => item.identify(),
  };
  if (item.status === 'failed') return { ...named, status: 'failed', failure: item.failure };
  if (item.crop !== undefined) return { ...named, status: 'failed', failure: TWICE };
  return {
    ...named,
    status: 'found',
    file: item.file,
    remote: item.remote,
    crop,
    reach: async () => item.reach?.(),
    open: () => item.open(),
  };
}
