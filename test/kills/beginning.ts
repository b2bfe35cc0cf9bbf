import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JOB_CASES, type JobCase, jobCase } from '../support/job-cases.js';
import { live, type Mode, type Reference, reference } from '../support/lives.js';
import { changeImages, fillWithImages, mendImages } from '../support/mixed-images.js';
import { type OutputFiles, readOutputFiles, wrongAtTheEnd } from '../support/output-files.js';
import { type Packed, packFolder } from '../support/pack-folder.js';

/** What the stories of one kind have in common. */
export interface Beginning {
  readonly job: JobCase;
  readonly images: string; // a folder or an archive
  readonly first: Mode; // of the first life
  readonly again: Mode; // after each kill
  readonly earlier: Earlier | undefined;
  readonly reference: Reference;
}

/** A finished output in the place of the new one. */
export interface Earlier {
  readonly folder: string;
  readonly files: OutputFiles;
}

/** A kind of story. */
export interface Kind extends Pick<Beginning, 'job' | 'first' | 'again'> {
  readonly name: string;
  readonly packed?: Packed; // the images are in such an archive
  readonly earlier?: {
    readonly job: JobCase;
    readonly change: (images: string, count: number, seed: number) => Promise<void>; // changes the images since
  };
}

const embeddings = jobCase('embeddings.npy', 'embed');
const classes = jobCase('classes.csv', 'classify');

export const KINDS: readonly Kind[] = [
  ...JOB_CASES.map((job): Kind => ({ name: job.name, job, first: 'new', again: 'resume' })),
  {
    name: `${embeddings.name} --sync over changed images`,
    job: embeddings,
    first: 'sync',
    again: 'sync',
    earlier: { job: embeddings, change: changeImages },
  },
  {
    name: 'retry classes.csv over repaired images',
    job: classes,
    first: 'retry',
    again: 'retry',
    earlier: { job: classes, change: mendImages },
  },
  { name: 'embed embeddings.npy of a tar', job: embeddings, packed: 'tar', first: 'new', again: 'resume' },
  {
    name: `${classes.name} --sync over a changed zip`,
    job: classes,
    packed: 'zip',
    first: 'sync',
    again: 'sync',
    earlier: { job: classes, change: changeImages },
  },
  {
    name: 'features --overwrite over more stages of other images',
    job: jobCase('pyramid', 'features', '--stages', '3,4'),
    first: 'overwrite',
    again: 'resume',
    earlier: { job: jobCase('pyramid', 'features', '--stages', '2,3,4'), change: changeImages },
  },
];

/**
 * Prepares, in a new folder, what the stories of a kind start with.
 * @throws {Error} if an uninterrupted run fails, or if its result depends on whether there is an earlier output
 */
export async function begin(
  { name, job, packed, first, again, earlier }: Kind,
  folder: string,
  { images: count, seed }: { readonly images: number; readonly seed: number },
): Promise<Beginning> {
  const unpacked = join(folder, 'images');
  const [old, fresh, over] = ['old', 'fresh', 'over'].map((place) => join(folder, place)) as [
    string,
    string,
    string,
  ];
  await fillWithImages(unpacked, count, seed);
  const pack = () => (packed === undefined ? unpacked : packFolder(unpacked, packed));
  const images = await pack();
  await mkdir(fresh);
  if (earlier === undefined) {
    return { job, images, first, again, earlier: undefined, reference: await reference(job, images, fresh) };
  }
  await mkdir(old);
  const { files } = await reference(earlier.job, images, old);
  await earlier.change(unpacked, count, seed);
  await pack();
  const inFreshPlace = await reference(job, images, fresh);
  await cp(old, over, { recursive: true });
  const { code, stderr, milliseconds, report } = await live({ job, images, folder: over, mode: first });
  const wrong = wrongAtTheEnd(await readOutputFiles(over, job.output), inFreshPlace.files);
  if (code !== inFreshPlace.code || report === undefined || wrong.length > 0)
    throw new Error(`${name}, uninterrupted, ended with ${code}: ${[stderr, ...wrong].join('\n')}`);
  return {
    job,
    images,
    first,
    again,
    earlier: { folder: old, files },
    reference: { ...inFreshPlace, milliseconds, report },
  };
}
