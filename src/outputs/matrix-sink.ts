import { rm } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { Row, RowSink } from '../rows.js';
import { IndexCsv } from './index-csv.js';
import { NpyFile } from './npy-file.js';
import { PendingFile, syncFolder } from './pending-file.js';
import { findRegularPlace } from './place.js';
import { rowTensor, type TensorSpec } from './row-tensor.js';
import { attempt } from './write-error.js';

export interface MatrixSinkOptions {
  readonly output: string; // a regular file's path
  readonly overwrite: boolean;
  readonly tensor: TensorSpec;
}

/** `scores.npy` has its index in `scores.index.csv`. */
function indexPath(output: string): string {
  const { dir, name } = parse(output);
  return join(dir, `${name}.index.csv`);
}

/** @throws {OutputError} as `findRegularPlace`, for either file */
export async function findMatrixPlaces(output: string, overwrite: boolean) {
  return {
    npy: await findRegularPlace(output, overwrite),
    index: await findRegularPlace(indexPath(output), overwrite),
  };
}

/**
 * One tensor of every row as an NPY `[N, ...shape]`, NaN for failed images, with an index CSV beside it.
 * @throws {OutputError} as `findRegularPlace`, for either file
 */
export async function openMatrixSink({ output, overwrite, tensor }: MatrixSinkOptions): Promise<RowSink> {
  const places = await findMatrixPlaces(output, overwrite);
  const npyFile = await PendingFile.create(places.npy);
  const opened: PendingFile[] = [npyFile];
  const discard = async () => {
    for (const file of opened) await file.discard();
  };
  try {
    const indexFile = await PendingFile.create(places.index);
    opened.push(indexFile);
    const index = new IndexCsv(indexFile);
    const npy = await NpyFile.start(npyFile, tensor.dtype, tensor.shape);
    return {
      write: (row) => appendRow(row, tensor, npy, index),
      commit: async () => {
        await npy.finish();
        await index.finish();
        await publishPair(npyFile, indexFile, overwrite);
      },
      abort: discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

async function appendRow(row: Row, tensor: TensorSpec, npy: NpyFile, index: IndexCsv): Promise<void> {
  await (row.status === 'ok' ? npy.append(rowTensor(row, tensor).data) : npy.appendNaN());
  await index.append(row);
}

/**
 * The old NPY goes first and the new one comes last, so that an NPY which stands under its name
 * always belongs to the index beside it, wherever a crash falls.
 */
async function publishPair(npy: PendingFile, index: PendingFile, overwrite: boolean): Promise<void> {
  if (overwrite) {
    await attempt(npy.target, () => rm(npy.target, { force: true }));
    await syncFolder(dirname(npy.target));
  }
  await index.publish(overwrite);
  await syncFolder(dirname(index.target));
  await npy.publish(overwrite);
  await syncFolder(dirname(npy.target));
}
