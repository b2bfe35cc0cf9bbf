import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ImageFailure } from '../../src/errors.js';
import type { Row, RowSink } from '../../src/rows.js';
import type { Tensor } from '../../src/tensor.js';

/** Runs a test in a folder of its own, removed afterwards. */
export function inFolder(test: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-outputs-'));
    try {
      await test(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/** A stream that keeps the pieces it is given. */
export class Collector extends Writable {
  readonly pieces: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.pieces.push(chunk.toString());
    done();
  }

  get text(): string {
    return this.pieces.join('');
  }
}

export function float32(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { dtype: 'float32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** @param bits the binary16 patterns of the elements */
export function float16(bits: readonly number[], shape: readonly number[] = [bits.length]): Tensor {
  return { dtype: 'float16', shape, data: new Uint8Array(Uint16Array.from(bits).buffer) };
}

export function ok(path: string, outputs: Readonly<Record<string, Tensor>>): Row {
  return { status: 'ok', path, outputs };
}

export const FAILURE: ImageFailure = { code: 'decode_failed', message: 'premature end, "at" byte 12' };

export function failed(path: string): Row {
  return { status: 'failed', path, failure: FAILURE };
}

export async function writeAll(sink: RowSink, rows: readonly Row[]): Promise<void> {
  for (const row of rows) await sink.write(row);
  await sink.commit();
}
