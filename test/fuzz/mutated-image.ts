import { mulberry32, type Random } from '../../src/random.js';
import { pick } from './chance.js';
import type { Mutation } from './mutation.js';
import { ANY } from './mutations/any.js';
import { AVIF } from './mutations/boxes.js';
import { GIF } from './mutations/gif.js';
import { JPEG } from './mutations/jpeg.js';
import { PNG } from './mutations/png.js';
import { WEBP } from './mutations/riff.js';
import { DIGITS, HEADER } from './mutations/simple.js';
import { SVG } from './mutations/svg.js';
import { TIFF } from './mutations/tiff.js';
import type { Format, Seed } from './seeds.js';

const OWN: Readonly<Record<Format, readonly Mutation[]>> = {
  jpeg: JPEG,
  png: PNG,
  webp: WEBP,
  gif: GIF,
  tiff: TIFF,
  avif: AVIF,
  svg: SVG,
  bmp: HEADER,
  ico: HEADER,
  pnm: [DIGITS, ...HEADER],
  qoi: HEADER,
  tga: HEADER,
  jp2: HEADER,
  heic: [...AVIF, ...HEADER],
};

const FORMATS = Object.keys(OWN) as readonly Format[];
const OWN_SHARE = 0.65; // of the format's own mutations
const LARGEST = 2 ** 22; // bytes, since some mutations repeat frames
const LARGEST_AGAIN = 2 ** 16; // bytes of an image to mutate again: more repetition would not fit in a buffer
const AGAIN = 0.3; // the share of images that are mutated again, and of those again, …

export interface NamedImage {
  readonly name: string; // number, format, seed and mutations: 000123-png-rgb16-sides+cut.png
  readonly format: Format;
  readonly bytes: Buffer;
}

/**
 * The `number`th image of a run. Formats take turns; the rest depends only on the run's seed and the number, so that
 * any image can be recreated without the others.
 */
export function mutatedImage(runSeed: number, number: number, seeds: readonly Seed[]): NamedImage {
  const random = mulberry32(Math.imul(runSeed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const format = FORMATS[number % FORMATS.length] ?? 'jpeg';
  const seed = pick(
    random,
    seeds.filter((candidate) => candidate.format === format),
  );
  let bytes = Buffer.from(seed.bytes);
  const names: string[] = [];
  do {
    const [name, mutated] = mutateOnce(bytes, format, random, seeds);
    names.push(name);
    bytes = Buffer.from(mutated);
  } while (bytes.length > 0 && bytes.length <= LARGEST_AGAIN && names.length < 4 && random() < AGAIN);
  const digits = String(number).padStart(6, '0');
  return { name: `${digits}-${format}-${seed.name}-${names.join('+')}${seed.extension}`, format, bytes };
}

function mutateOnce(
  bytes: Buffer,
  format: Format,
  random: Random,
  seeds: readonly Seed[],
): readonly [name: string, bytes: Buffer] {
  for (;;) {
    const mutation = pick(random, random() < OWN_SHARE ? OWN[format] : ANY);
    const mutated = mutation.apply(Buffer.from(bytes), random, seeds);
    if (mutated !== undefined && mutated.length <= LARGEST) return [mutation.name, mutated];
  }
}
