import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OutputError } from '../errors.js';
import { errorCode, reading } from '../files/write-error.js';
import type { Arrangement } from '../outputs/arrangement.js';
import type { RowCounts } from '../rows.js';
import type { Fingerprint } from './journal.js';
import type { RunPlace } from './run-place.js';

/** What a manifest records about a run besides its rows and files. */
export interface RunFacts {
  readonly versions: Readonly<Record<string, string>>; // of halonet and what it runs on
  readonly command: readonly string[]; // its name, then its arguments
  readonly folder: string; // the working directory, which relative paths refer to
  readonly model: { readonly name: string; readonly path: string; readonly sha256: string };
  readonly preprocessing: Readonly<Record<string, unknown>>; // everything done to pixels, mean and std included
  readonly preprocessingSha256: string; // of that as JSON
  readonly device: string;
  readonly stored: number; // rows reused from an earlier output
  readonly sources: Readonly<Partial<Record<string, number>>>; // what the inputs consist of: archives, members, …
  readonly skipped: Readonly<Record<string, number>>; // files in folders that were not treated as images, by extension
}

/** A file as written. */
export interface WrittenFile {
  readonly name: string; // in the output's folder
  readonly bytes: number;
  readonly sha256: string;
}

/** The description of a finished run: `<output>.run.json`. */
export interface Manifest extends RunFacts, RowCounts {
  readonly halonet: 1; // version of the format
  readonly layout: Arrangement['layout'];
  readonly fingerprint: Fingerprint;
  readonly started: string; // ISO 8601
  readonly finished: string;
  readonly seconds: number; // of work, including interrupted attempts
  readonly outputs: readonly WrittenFile[]; // in the order in which they were published
  readonly ledger: WrittenFile;
  readonly set?: readonly SetOutput[]; // all outputs of the run, in order, the lead first; left out if there is only one
}

/** An output with all its rows. */
export interface FoundRun {
  readonly place: RunPlace;
  readonly manifest: Manifest;
}

/** Returns the absolute paths of all outputs of a run, in order: the output alone, unless its run had several. */
export function setPaths({ place: { path }, manifest: { set } }: FoundRun): readonly string[] {
  return set?.map((one) => resolve(dirname(path), one.path)) ?? [path];
}

/** An output of a run of several. */
export interface SetOutput {
  readonly command: string; // that writes such an output alone
  readonly path: string; // relative to the folder of the manifest, with forward slashes
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
}

/**
 * Reads the manifest at a path; undefined if there is none.
 * @throws {OutputError} if the file is not a manifest
 * @throws {ReadFailure}
 */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  const text = await reading(() =>
    readFile(path, 'utf8').catch((error) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (text === undefined) return undefined;
  try {
    const manifest = JSON.parse(text) as Manifest;
    if (manifest.halonet === 1 && Array.isArray(manifest.outputs)) return manifest;
  } catch {
    // Not a manifest: reported below.
  }
  throw new OutputError(`${path} is not a manifest of halonet`, {
    hint: 'Move it away, or choose another name for the output.',
  });
}

/** Returns a digest that identifies a finished run. */
export function manifestDigest(manifest: Manifest): string {
  return createHash('sha256').update(encodeManifest(manifest)).digest('hex');
}

/**
 * Computes the size and SHA-256 of a file.
 * @throws {ReadFailure} if it cannot be read; the signal's reason on abort
 */
export async function digestFile(path: string, signal?: AbortSignal): Promise<Omit<WrittenFile, 'name'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      hash.update(chunk);
    }
  };
  const read = () =>
    pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), count, { ...(signal && { signal }) });
  try {
    await reading(read);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}
