import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ImageFailure } from '../../src/errors.js';
import { openByteChannel } from '../../src/files/byte-channel.js';
import { type OutputLayout, textFile } from '../../src/outputs/layout.js';
import { streamSink } from '../../src/outputs/stream-sink.js';
import type { FailedRow, OkRow, Row, RowSink } from '../../src/rows.js';
import type { JournalHeader } from '../../src/runs/journal.js';
import type { RunFacts } from '../../src/runs/manifest.js';
import type { PerOutput } from '../../src/runs/per-output.js';
import { recover } from '../../src/runs/recovery.js';
import type { RunOutput } from '../../src/runs/run-output.js';
import { findOutput, type RunPlace } from '../../src/runs/run-place.js';
import { RunSink } from '../../src/runs/run-sink.js';
import { type RunState, readState } from '../../src/runs/run-state.js';
import type { Tensor } from '../../src/tensor.js';

/** Runs a test in a temporary folder, removed afterwards. */
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

/** A stream that keeps the pieces written to it. */
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

export function ok(id: string, outputs: Readonly<Record<string, Tensor>>): OkRow {
  return { status: 'ok', id, outputs };
}

export const FAILURE: ImageFailure = { code: 'decode_failed', message: 'premature end, "at" byte 12' };

export function failed(id: string): FailedRow {
  return { status: 'failed', id, failure: FAILURE };
}

export const FACTS: RunFacts = {
  versions: { halonet: '1.2.3' },
  command: ['embed', 'photos'],
  folder: '/home',
  model: { name: 'demo', path: '/demo/model.safetensors', sha256: '00' },
  preprocessing: { height: 128 },
  preprocessingSha256: 'c0',
  device: 'cpu',
  stored: 0,
  skipped: { '.txt': 2 },
  sources: { archives: 1, members: 3 },
};

export async function writeAll(sink: RowSink<RunFacts>, rows: readonly Row[]): Promise<void> {
  for (const row of rows) await sink.write(row);
  await sink.commit(FACTS);
}

/** Returns what a layout writes for rows to standard output. */
export async function printed(layout: OutputLayout, rows: readonly Row[]): Promise<string> {
  const stdout = new Collector();
  await writeAll(await printing(layout, stdout), rows);
  return stdout.text;
}

export async function printing(layout: OutputLayout, stdout: Collector): Promise<RowSink<RunFacts>> {
  return streamSink(await openByteChannel({ output: '-', overwrite: false, stdout }), textFile(layout));
}

export async function placeOf(output: string, layout: OutputLayout): Promise<RunPlace> {
  const place = await findOutput(output, layout.arrangement);
  if (place.kind !== 'run') throw new Error(`${output} is no regular output`);
  return place;
}

/** Returns the outputs of a run with a single one. */
export const alone = (place: RunPlace, layout: OutputLayout): PerOutput<RunOutput> => ({
  lead: { place, layout, command: 'embed' },
  others: [],
});

/** Returns what earlier runs left at the place of a single output. */
export const stateAt = async (place: RunPlace): Promise<RunState> =>
  (await readState({ lead: place, others: [] })).state;

/** Recovers the place of a single output. */
export const recoverAt = (place: RunPlace, givesUp: boolean): Promise<void> =>
  recover({ lead: place, others: [] }, givesUp);

export function headerOf(options: Partial<JournalHeader> = {}): JournalHeader {
  return {
    halonet: 2,
    fingerprint: { format: 'any' },
    started: '2026-01-01T00:00:00.000Z',
    replaces: false,
    reuses: false,
    retries: false,
    base: '',
    ...options,
  };
}

export interface RunTestOptions {
  readonly overwrite?: boolean;
  readonly checkpointSeconds?: number;
  readonly signal?: AbortSignal;
}

/** Starts a run at a place without one. By default, a checkpoint follows each row. */
export async function startRun(
  output: string,
  layout: OutputLayout,
  { overwrite = false, checkpointSeconds = 0, signal }: RunTestOptions = {},
): Promise<RunSink> {
  const place = await placeOf(output, layout);
  return RunSink.start(
    { outputs: alone(place, layout), checkpointSeconds, signal, confirm: async () => {} },
    headerOf({ replaces: overwrite }),
    false,
  );
}

/** Resumes the interrupted run at a place. */
export async function resumeRun(
  output: string,
  layout: OutputLayout,
  { checkpointSeconds = 0 }: RunTestOptions = {},
): Promise<RunSink> {
  const place = await placeOf(output, layout);
  const state = await stateAt(place);
  if (state.kind !== 'interrupted')
    throw new Error(`${output}: expected a run in progress, found ${state.kind}`);
  const outputs = alone(place, layout);
  return RunSink.resume({ outputs, checkpointSeconds, confirm: async () => {} }, state.journal);
}
