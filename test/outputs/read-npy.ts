import { readFile } from 'node:fs/promises';
import { parse } from 'npyjs';

/** Reads an NPY file with npyjs, which widens float16. */
export async function readNpy(path: string): Promise<{ shape: number[]; dtype: string; values: number[] }> {
  const bytes = new Uint8Array(await readFile(path)); // a copy: small files share a buffer
  const { shape, dtype, data } = parse(bytes.buffer);
  if (!(data instanceof Float32Array)) throw new Error(`expected floats in ${path}, received ${dtype}`);
  return { shape, dtype, values: Array.from(data) };
}
