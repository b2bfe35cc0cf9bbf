import { stat } from 'node:fs/promises';
import { HalonetError } from '../../errors.js';
import { DECODABLE_EXTENSIONS } from '../../images/extensions.js';
import type { Decode } from '../../images/geometry.js';
import { walkInputs } from '../../inputs/walk.js';
import { type PhotoSize, writePhoto } from './generated-photos.js';
import type { Effort } from './options.js';
import type { Photos } from './report.js';

/** Image files that are measured together. */
export interface PhotoSet {
  readonly photos: Photos;
  readonly paths: readonly string[];
  readonly decode: readonly Decode[]; // how they are decoded, in turn
}

export interface GeneratedSize extends PhotoSize {
  readonly count: number; // different images
}

const ORDINARY: GeneratedSize = { width: 640, height: 480, count: 8 };

/** The JPEGs that are generated. Several small ones: one would lie in a core's cache, which a large one does not. */
export const GENERATED_SIZES = {
  few: [ORDINARY],
  all: [
    ORDINARY,
    { width: 1280, height: 960, count: 4 },
    { width: 4000, height: 3000, count: 1 },
    { width: 6000, height: 4000, count: 1 },
  ],
} as const satisfies Readonly<Record<Effort['extent'], readonly GeneratedSize[]>>;

const LARGE = 10e6; // pixels, from which on decoding fast is worth a look

/**
 * Writes JPEGs of a size into a folder.
 *
 * @throws the signal's reason when it aborts
 */
export async function generatedPhotos(
  folder: string,
  { width, height, count }: GeneratedSize,
  signal?: AbortSignal,
): Promise<PhotoSet> {
  const paths: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    signal?.throwIfAborted();
    paths.push(await writePhoto(folder, { width, height }, seed));
  }
  const large = width * height >= LARGE;
  return setOf(`${width}×${height}`, paths, large ? ['exact', 'fast'] : ['exact']);
}

const MOST = 256; // images of a folder; more would be read from the disk, not from its cache

/**
 * The first images of a folder, at most 256.
 *
 * @throws HalonetError when there is none
 */
export async function photosIn(folder: string): Promise<PhotoSet> {
  const paths: string[] = [];
  for await (const item of walkInputs([folder], { extensions: DECODABLE_EXTENSIONS })) {
    if (item.status === 'failed') throw new HalonetError(`--images ${item.path}: ${item.failure.message}`);
    paths.push(item.path);
    if (paths.length === MOST) break;
  }
  if (paths.length > 0) return setOf(folder, paths, ['exact', 'fast']);
  throw new HalonetError(`--images ${folder}: there is no image in it`, {
    hint: `Files that end in ${[...DECODABLE_EXTENSIONS].join(', ')} are taken. Without --images, JPEGs are generated.`,
  });
}

async function setOf(name: string, paths: readonly string[], decode: PhotoSet['decode']): Promise<PhotoSet> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0) / paths.length;
  return { photos: { name, bytes: Math.round(bytes) }, paths, decode };
}
