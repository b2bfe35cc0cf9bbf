import { mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OutputError } from '../errors.js';
import type { Row, RowSink } from '../rows.js';
import { IndexCsv } from './index-csv.js';
import { NpyFile } from './npy-file.js';
import { PendingFile, syncFolder, temporaryName } from './pending-file.js';
import { alreadyExists, checkParent, statOrUndefined } from './place.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';
import { attempt } from './write-error.js';

export interface FeaturesFolderOptions {
  readonly output: string; // a folder's path
  readonly overwrite: boolean;
  readonly tensors: readonly TensorSpec[]; // named stage<i>
}

const INDEX = 'index.csv';
const OURS = /^(stage\d+\.npy|index\.csv)$/;

/**
 * Writes each stage as `stage<i>.npy` `[N, ...shape]`, NaN for failed images, with an `index.csv`.
 * A new folder appears as a whole. In an existing one, which may hold nothing but such files,
 * `index.csv` goes first and comes back last: the folder is complete when it has one.
 * @throws {OutputError} for a folder with anything else in it, one with results without `overwrite`,
 *   a file of that name, or a missing or unwritable parent
 */
export async function openFeaturesFolder(options: FeaturesFolderOptions): Promise<RowSink> {
  const { output, overwrite, tensors } = options;
  const place = await findFeaturesFolder(output, overwrite);
  // An existing folder may be a mount point or the current one, which cannot be renamed: fill it.
  const staging = place.exists ? place.path : temporaryName(place.path);
  const files: PendingFile[] = [];
  const discard = async () => {
    for (const file of files) await file.discard();
    if (!place.exists) await attempt(output, () => rm(staging, { recursive: true, force: true }));
  };
  const start = async (name: string) => {
    const file = await PendingFile.create(join(staging, name));
    files.push(file);
    return file;
  };
  try {
    if (!place.exists) await attempt(output, () => mkdir(staging));
    const stages: Stage[] = [];
    for (const tensor of tensors) {
      const file = await start(`${tensor.name}.npy`);
      stages.push({ tensor, npy: await NpyFile.start(file, tensor.dtype, tensor.shape) });
    }
    const index = new IndexCsv(await start(INDEX));
    return {
      write: (row) => appendRow(row, stages, index),
      commit: async () => {
        for (const { npy } of stages) await npy.finish();
        await index.finish();
        if (place.exists) await removeOld(output, staging, overwrite);
        for (const file of files) await file.publish(overwrite); // the index is the last of them
        await syncFolder(staging);
        if (!place.exists) await publishFolder(output, staging, place.path);
      },
      abort: discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

interface Stage {
  readonly tensor: TensorSpec;
  readonly npy: NpyFile;
}

async function appendRow(row: Row, stages: readonly Stage[], index: IndexCsv): Promise<void> {
  for (const { tensor, npy } of stages) {
    await (row.status === 'ok' ? npy.append(rowTensor(row, tensor).data) : npy.appendNaN());
  }
  await index.append(row);
}

/** Where a features folder goes. */
interface FolderPlace {
  readonly path: string; // absolute; a symbolic link stands for its folder
  readonly exists: boolean;
}

/** @throws {OutputError} as `openFeaturesFolder` */
export async function findFeaturesFolder(output: string, overwrite: boolean): Promise<FolderPlace> {
  const path = resolve(output);
  const existing = await statOrUndefined(output, path);
  if (existing === undefined) {
    await checkParent(output, path);
    return { path, exists: false };
  }
  if (!existing.isDirectory()) {
    throw new OutputError(`${output} is a file, and features as NPY are a folder of files.`, {
      hint: 'Choose another name, or pass --format jsonl.',
    });
  }
  const entries = await attempt(output, () => readdir(path, { withFileTypes: true }));
  const foreign = entries.find((entry) => !entry.isFile() || !OURS.test(entry.name));
  if (foreign !== undefined) {
    throw new OutputError(`${output} holds ${foreign.name}, which is not a features file.`, {
      hint: 'Choose another folder: only one that is empty or holds earlier features is written into.',
    });
  }
  if (entries.length > 0 && !overwrite) throw alreadyExists(output);
  return { path: await attempt(output, () => realpath(path)), exists: true };
}

/** Removes earlier features, the index first; other files that appeared meanwhile stay. */
async function removeOld(output: string, folder: string, overwrite: boolean): Promise<void> {
  const old = (await attempt(output, () => readdir(folder))).filter((name) => OURS.test(name)).sort();
  if (old.length > 0 && !overwrite) throw alreadyExists(output);
  for (const name of old) await attempt(output, () => rm(join(folder, name))); // index.csv sorts first
  await syncFolder(folder);
}

async function publishFolder(output: string, staging: string, target: string): Promise<void> {
  if (await statOrUndefined(output, target)) throw alreadyExists(output);
  await attempt(output, () => rename(staging, target));
  await syncFolder(dirname(target));
}
