import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { HalonetError, ModelError } from '../../errors.js';
import { PendingFile } from '../../files/pending-file.js';
import type { Graph } from '../../graph.js';
import { integer, list, number, object, optional, type Reader, record, string } from '../../model/fields.js';
import type { Range } from '../../model/passes/int8.js';
import { systemReason } from '../../system-reason.js';
import type { Agreement } from './agreement.js';

/** The int8 calibration of a model: the ranges of its activations, and how well int8 agrees with it. */
export interface Calibration {
  readonly images: number;
  readonly agreement: Agreement;
  readonly ranges: ReadonlyMap<string, Range>; // by value name in the graph of standard operators
}

const VERSION = 1; // of the file format

interface Stored {
  readonly version: number;
  readonly model: string;
  readonly images: number;
  readonly sameTop1: number | undefined;
  readonly similarity: number;
  readonly ranges: Readonly<Record<string, unknown>>;
}

const readStored = object<Stored>({
  version: integer(VERSION, VERSION),
  model: string,
  images: integer(1),
  sameTop1: optional(integer(0), undefined),
  similarity: number(),
  ranges: record,
});
const readPair: Reader<readonly number[]> = list(number(), 2);

/**
 * Hashes what a calibration depends on: the checkpoint's bytes, and the network and normalisation built from them.
 *
 * @param settings everything besides the file that determines the graph's constants
 * @throws ModelError if the file cannot be read
 */
export async function modelFingerprint(path: string, graph: Graph, settings: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([graph.inputs, graph.nodes, settings]));
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw new ModelError(`cannot read ${path}: ${systemReason(cause)}`, { cause });
  }
  return hash.digest('hex');
}

const SHOWN = 12; // digits of the fingerprint in the file name

/** Returns where a model's calibration is stored: beside the checkpoint, one file per configuration. */
export function calibrationPath(weights: string, fingerprint: string): string {
  return `${weights}.int8-${fingerprint.slice(0, SHOWN)}.json`;
}

/**
 * Reads a calibration; undefined if there is none for this model, or it is unusable.
 *
 * @param values the values whose ranges are needed
 */
export async function readCalibration(
  path: string,
  fingerprint: string,
  values: Iterable<string>,
): Promise<Calibration | undefined> {
  try {
    const stored = readStored(JSON.parse(await readFile(path, 'utf8')), path);
    if (stored.model !== fingerprint) return undefined;
    const ranges = [...values].map((value) => {
      const [min = 0, max = 0] = readPair(stored.ranges[value], `${path}: ${value}`);
      return [value, { min, max }] as const;
    });
    const { images, sameTop1, similarity } = stored;
    return { images, agreement: { sameTop1, similarity }, ranges: new Map(ranges) };
  } catch (error) {
    // It can be measured again, so the fault in the file does not matter.
    if (error instanceof HalonetError || error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Stores a calibration, replacing any existing one.
 *
 * @throws OutputError if it cannot be written
 */
export async function writeCalibration(
  path: string,
  fingerprint: string,
  { images, agreement, ranges }: Calibration,
): Promise<void> {
  const file = await PendingFile.create(path);
  try {
    const pairs = [...ranges].map(([value, { min, max }]) => [value, [min, max]]);
    const stored = { version: VERSION, model: fingerprint, images, ...agreement };
    await file.write(Buffer.from(`${JSON.stringify({ ...stored, ranges: Object.fromEntries(pairs) })}\n`));
    await file.seal();
    await file.publish(true);
  } finally {
    await file.discard();
  }
}

/** No such file, or it may not be read. */
function isMissing(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}
