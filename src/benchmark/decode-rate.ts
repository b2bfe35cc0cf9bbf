import { cpuUsage } from 'node:process';
import { HalonetError } from '../errors.js';
import { FileItem } from '../file-item.js';
import { decodeImage } from '../images/decode.js';
import type { Preprocessing } from '../images/geometry.js';
import type { PhotoSet } from './photo-sets.js';
import { type Measurement, secondsPerRun } from './rounds.js';
import { type Spread, spreadOf } from './statistics.js';

export interface DecodeCase {
  readonly set: PhotoSet;
  readonly preprocessing: Preprocessing;
  readonly decoders: number; // concurrent images
  readonly seconds: number; // minimum length of a sample
}

/** The speed of decoding and its CPU cost. */
export interface MeasuredDecoding {
  readonly measurement: Measurement; // images/s
  readonly cpuSeconds: () => Spread; // per image, for each sample taken
}

/**
 * Measures images per second from a file to the pixels that a network takes.
 *
 * `sample` throws HalonetError for an image that cannot be read.
 */
export function decodeRate({ set, preprocessing, decoders, seconds }: DecodeCase): MeasuredDecoding {
  let next = 0;
  const cpuSeconds: number[] = [];
  const run = async () => {
    const path = set.paths[next++ % set.paths.length] ?? '';
    const image = await decodeImage(new FileItem(path), preprocessing);
    if (image.status === 'failed') throw new HalonetError(`${path}: ${image.failure.message}`);
  };
  const sample = async () => {
    const [before, first] = [cpuUsage(), next];
    const wallSeconds = await secondsPerRun(run, { seconds, lanes: decoders });
    const { user, system } = cpuUsage(before);
    cpuSeconds.push((user + system) / 1e6 / (next - first));
    return 1 / wallSeconds;
  };
  const label = `decoding ${set.photos.name}, ${preprocessing.decode}, ${decoders} at once`;
  return { measurement: { label, sample }, cpuSeconds: () => spreadOf(cpuSeconds) };
}
