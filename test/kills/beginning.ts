import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ObjectServer, startObjectServer } from '../remote/object-server.js';
import { giveAs, INPUT_FORMS, type InputForm } from '../support/input-forms.js';
import { JOB_CASES, type JobCase, jobCase, runCase } from '../support/job-cases.js';
import { live, type Mode, type Reference, reference } from '../support/lives.js';
import { changeImages, fillWithImages, mendImages } from '../support/mixed-images.js';
import { type OutputFiles, readOutputFiles, wrongAtTheEnd } from '../support/output-files.js';

/** What the stories of one kind have in common. */
export interface Beginning {
  readonly job: JobCase;
  readonly inputs: readonly string[]; // the arguments that name the images
  readonly first: Mode; // of the first life
  readonly again: Mode; // after each kill
  readonly earlier: Earlier | undefined;
  readonly reference: Reference;
  readonly close: () => Promise<void>; // to be called after the last story
}

/** A finished output in the place of the new one. */
export interface Earlier {
  readonly folder: string;
  readonly files: OutputFiles;
}

/** A kind of story. */
export interface Kind extends Pick<Beginning, 'job' | 'first' | 'again'> {
  readonly name: string;
  readonly form?: InputForm; // of the images; by default, a folder
  readonly isServed?: boolean; // at URLs
  readonly earlier?: {
    readonly job: JobCase;
    readonly change: (images: string, count: number, seed: number) => Promise<void>; // changes the images since
  };
}

const embeddings = jobCase('embeddings.npy', 'embed');
const classes = jobCase('classes.csv', 'classify');

const several = runCase('embed=embeddings.npy', 'classify=classes.csv', 'features=pooled.csv --pool avg');

export const KINDS: readonly Kind[] = [
  ...JOB_CASES.map((job): Kind => ({ name: job.name, job, first: 'new', again: 'resume' })),
  {
    name: `${embeddings.name} --sync over changed images`,
    job: embeddings,
    first: 'sync',
    again: 'sync',
    earlier: { job: embeddings, change: changeImages },
  },
  ...[
    jobCase('classes.csv.zst', 'classify'),
    jobCase('embeddings.parquet', 'embed'),
    jobCase('maps', 'features', '--layout', 'per-image'),
  ].map(
    (job): Kind => ({
      name: `${job.name} --sync over changed images`,
      job,
      first: 'sync',
      again: 'sync',
      earlier: { job, change: changeImages },
    }),
  ),
  {
    name: `${several.name} --sync over changed images`,
    job: several,
    first: 'sync',
    again: 'sync',
    earlier: { job: several, change: changeImages },
  },
  {
    name: `${several.name}, then retry over repaired images`,
    job: several,
    first: 'retry',
    again: 'retry',
    earlier: { job: several, change: mendImages },
  },
  {
    name: 'retry classes.csv over repaired images',
    job: classes,
    first: 'retry',
    again: 'retry',
    earlier: { job: classes, change: mendImages },
  },
  ...(Object.keys(INPUT_FORMS) as readonly InputForm[]).map((form, i): Kind => {
    const job = i % 2 === 0 ? embeddings : classes;
    return { name: `${job.name} of a ${form}`, job, form, first: 'new', again: 'resume' };
  }),
  ...(['tar', 'zip', 'parquet', 'csv'] as const).map((form): Kind => {
    const name = `${classes.name} of a ${form} at a URL`;
    return { name, job: classes, form, isServed: true, first: 'new', again: 'resume' };
  }),
  {
    name: `${classes.name} --sync over a changed zip`,
    job: classes,
    form: 'zip',
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
  { name, job, form, isServed = false, first, again, earlier }: Kind,
  folder: string,
  { images: count, seed }: { readonly images: number; readonly seed: number },
): Promise<Beginning> {
  const images = join(folder, 'images');
  const [old, fresh, over] = ['old', 'fresh', 'over'].map((place) => join(folder, place)) as [
    string,
    string,
    string,
  ];
  await fillWithImages(images, count, seed);
  const give = async () => (form === undefined ? [images] : giveAs(form, images));
  const given = await give();
  const server = isServed ? await serve(images, given) : undefined;
  const close = async () => server?.close();
  const inputs = server === undefined ? given : given.map((one) => addressOf(one, folder, server));
  await mkdir(fresh);
  if (earlier === undefined) {
    const uninterrupted = await reference(job, inputs, fresh);
    return { job, inputs, first, again, earlier: undefined, reference: uninterrupted, close };
  }
  await mkdir(old);
  const { files } = await reference(earlier.job, inputs, old);
  await earlier.change(images, count, seed);
  await give();
  const inFreshPlace = await reference(job, inputs, fresh);
  await cp(old, over, { recursive: true });
  const { code, stderr, milliseconds, report } = await live({ job, inputs, folder: over, mode: first });
  const wrong = wrongAtTheEnd(await readOutputFiles(over), inFreshPlace.files);
  if (code !== inFreshPlace.code || report === undefined || wrong.length > 0)
    throw new Error(`${name}, uninterrupted, ended with ${code}: ${[stderr, ...wrong].join('\n')}`);
  return {
    job,
    inputs,
    first,
    again,
    earlier: { folder: old, files },
    reference: { ...inFreshPlace, milliseconds, report },
    close,
  };
}

/** Starts a server of the files in a folder, and of those beside it that inputs name. */
async function serve(folder: string, inputs: readonly string[]): Promise<ObjectServer> {
  const server = await startObjectServer();
  const add = async (path: string, name: string) => {
    const found = await stat(path).catch(() => undefined); // some links lead nowhere
    if (found?.isFile()) server.files.set(`/${name}`, await readFile(path));
  };
  for (const name of await readdir(folder, { recursive: true }))
    await add(join(folder, name), `${basename(folder)}/${name}`);
  for (const path of inputs) await add(path, basename(path));
  return server;
}

/** Returns the URL of a file that a server has; any other argument unchanged. */
const addressOf = (argument: string, folder: string, { origin }: ObjectServer) =>
  argument.startsWith(folder) ? `${origin}/${basename(argument)}` : argument;
