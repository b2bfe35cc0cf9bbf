import { stat } from 'node:fs/promises';
import { counted } from '../counted.js';
import { HalonetError } from '../errors.js';
import { decodeImage } from '../images/decode.js';
import { DECODABLE_EXTENSIONS } from '../images/extensions.js';
import { DECODES, type Decode, type Preprocessing } from '../images/geometry.js';
import type { Item } from '../item.js';
import { itemsOf } from '../sources/registry.js';
import { type PhotoSize, writePhoto } from './generated-photos.js';
import type { BenchmarkOptions, Effort } from './options.js';
import type { Photos } from './report.js';

/** Image files that are measured together. */
export interface PhotoSet {
  readonly photos: Photos;
  readonly paths: readonly string[];
  readonly jobs: readonly Decode[]; // how whole jobs decode them; alone, they are decoded in every way
}

export interface GeneratedSize extends PhotoSize {
  readonly count: number; // different images
  readonly jobs: readonly Decode[];
}

const ORDINARY = { width: 640, height: 480, count: 8 } as const;

/** The generated JPEGs. There are several small ones: a single one would fit in a core's cache, which a large one does not. */
export const GENERATED_SIZES = {
  few: [{ ...ORDINARY, jobs: ['exact'] }],
  all: [
    { ...ORDINARY, jobs: ['exact', 'near'] },
    { width: 1280, height: 960, count: 4, jobs: ['exact', 'near'] },
    { width: 4000, height: 3000, count: 1, jobs: DECODES },
    { width: 6000, height: 4000, count: 1, jobs: ['exact', 'fast'] },
  ],
} as const satisfies Readonly<Record<Effort['extent'], readonly GeneratedSize[]>>;

/**
 * Writes JPEGs of one size into a folder.
 *
 * @throws the signal's reason when it aborts
 */
export async function generatedPhotos(
  folder: string,
  { width, height, count, jobs }: GeneratedSize,
  signal?: AbortSignal,
): Promise<PhotoSet> {
  const paths: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    signal?.throwIfAborted();
    paths.push(await writePhoto(folder, { width, height }, seed));
  }
  return setOf(`${width}×${height}`, paths, jobs);
}

const MOST = 256; // images from a folder; more would be read from the disk, not from its cache

export interface UserPhotos extends Pick<BenchmarkOptions, 'signal' | 'onStep' | 'onNote'> {
  readonly preprocessing: Preprocessing;
  readonly decoders: number; // concurrent images
}

/**
 * Returns the first images of a folder, at most 256, without those that cannot be decoded. It decodes each one
 * first, because a bad one would end the measurement midway.
 *
 * @param options `onNote` reports each image that is skipped, and how many there are
 * @throws HalonetError if none is left
 * @throws the signal's reason when it aborts
 */
export async function photosIn(folder: string, options: UserPhotos): Promise<PhotoSet> {
  const items: Item[] = [];
  for await (const item of itemsOf([folder], { extensions: DECODABLE_EXTENSIONS })) {
    if (item.status === 'failed' && item.id === folder)
      throw new HalonetError(`--images ${folder}: ${item.failure.message}`);
    if (items.push(item) === MOST) break;
  }
  const problems = await problemsOf(items, options);
  const paths = items.flatMap(({ id }, i) => (problems[i] === undefined ? [id] : []));
  for (const [i, { id }] of items.entries())
    if (problems[i] !== undefined) options.onNote?.(`${id}: ${problems[i]}`);
  if (paths.length < items.length)
    options.onNote?.(
      `--images ${folder}: ${items.length - paths.length} of ${counted(items.length, 'image')} skipped`,
    );
  if (paths.length > 0) return setOf(folder, paths, ['exact', 'fast']);
  const none = items.length > 0 ? 'no image in it can be decoded' : 'there is no image in it';
  throw new HalonetError(`--images ${folder}: ${none}`, {
    hint: `Files that end in ${[...DECODABLE_EXTENSIONS].join(', ')} are read. Without --images, halonet generates JPEGs.`,
  });
}

/** Returns why each image cannot be decoded; undefined for those that can. */
async function problemsOf(
  items: readonly Item[],
  { preprocessing, decoders, signal, onStep }: UserPhotos,
): Promise<readonly (string | undefined)[]> {
  const problems: (string | undefined)[] = items.map(() => undefined);
  const left = items.entries(); // one list shared by all lanes
  const lane = async () => {
    for (const [i, item] of left) {
      signal?.throwIfAborted();
      onStep?.({
        phase: 'decoding images once',
        unit: 'image',
        label: item.id,
        done: i,
        total: items.length,
      });
      const found = item.status === 'failed' ? item : await decodeImage(item, preprocessing);
      if (found.status === 'failed') problems[i] = found.failure.message;
    }
  };
  await Promise.all(Array.from({ length: decoders }, lane));
  return problems;
}

async function setOf(name: string, paths: readonly string[], jobs: PhotoSet['jobs']): Promise<PhotoSet> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0) / paths.length;
  return { photos: { name, bytes: Math.round(bytes) }, paths, jobs };
}
