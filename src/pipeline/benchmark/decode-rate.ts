import { HalonetError } from '../../errors.js';
import { decodeImage } from '../../images/decode.js';
import type { Preprocessing } from '../../images/geometry.js';
import type { PhotoSet } from './photo-sets.js';
import { type Measurement, secondsPerRun } from './rounds.js';

export interface DecodeCase {
  readonly set: PhotoSet;
  readonly preprocessing: Preprocessing;
  readonly decoders: number; // images at once
  readonly seconds: number; // of a sample, at least
}

/**
 * Images per second from a file to the pixels that a network takes.
 *
 * `sample` throws HalonetError for an image that cannot be read.
 */
export function decodeRate({ set, preprocessing, decoders, seconds }: DecodeCase): Measurement {
  let next = 0;
  const run = async () => {
    const path = set.paths[next++ % set.paths.length] ?? '';
    const image = await decodeImage(path, preprocessing);
    if (image.status === 'failed') throw new HalonetError(`${path}: ${image.failure.message}`);
  };
  return {
    label: `decoding ${set.photos.name}, ${preprocessing.decode}, ${decoders} at once`,
    sample: async () => 1 / (await secondsPerRun(run, { seconds, lanes: decoders })),
  };
}
