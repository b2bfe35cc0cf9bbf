import { readFile } from 'node:fs/promises';
import { load } from 'npyjs';

export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array | BigInt64Array;
}

/** Reads an NPY file of uint8, int64 or float32 (npyjs widens float16) with a reader that is not ours. */
async function readNpy(path: string): Promise<NpyArray> {
  const { buffer } = new Uint8Array(await readFile(path)); // a copy: small files share a pool
  const { shape, data } = await load(buffer);
  if (data instanceof Uint8Array || data instanceof Float32Array || data instanceof BigInt64Array) {
    return { shape, data };
  }
  throw new TypeError(`${path}: unexpected element type`);
}

/** A float32 array; see {@link readNpy}. */
export async function readFloats(
  path: string,
): Promise<{ readonly shape: readonly number[]; readonly data: Float32Array }> {
  const { shape, data } = await readNpy(path);
  if (!(data instanceof Float32Array)) throw new TypeError(`${path}: expected float32`);
  return { shape, data };
}

/** A uint8 array; see {@link readNpy}. */
export async function readBytes(
  path: string,
): Promise<{ readonly shape: readonly number[]; readonly data: Uint8Array }> {
  const { shape, data } = await readNpy(path);
  if (!(data instanceof Uint8Array)) throw new TypeError(`${path}: expected uint8`);
  return { shape, data };
}
