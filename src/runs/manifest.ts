import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { OutputError } from '../errors.js';
import { errorCode, reading } from '../files/write-error.js';
import type { Arrangement } from '../outputs/arrangement.js';
import type { RowCounts } from '../rows.js';
import type { Fingerprint } from './journal.js';

/** What a manifest says of a run besides its rows and files. */
export interface RunFacts {
  readonly versions: Readonly<Record<string, string>>; // of halonet and what it runs on
  readonly command: readonly string[]; // its name, then its arguments
  readonly folder: string; // the working directory, which relative paths start from
  readonly model: { readonly name: string; readonly path: string; readonly sha256: string };
  readonly preprocessing: Readonly<Record<string, unknown>>; // all that is done to pixels, mean and std included
  readonly preprocessingSha256: string; // of that as JSON
  readonly device: string;
  readonly stored: number; // rows that were taken over from an earlier output
  readonly passedOver: Readonly<Record<string, number>>; // files in folders that were not taken for images, by extension
}

/** A file as it was written. */
export interface WrittenFile {
  readonly name: string; // in the output's folder
  readonly bytes: number;
  readonly sha256: string;
}

/** What is known of a finished run: `<output>.run.json`. */
export interface Manifest extends RunFacts, RowCounts {
  readonly halonet: 1; // of the format
  readonly layout: Arrangement['layout'];
  readonly fingerprint: Fingerprint;
  readonly started: string; // ISO 8601
  readonly finished: string;
  readonly seconds: number; // at work, over all the runs that it took
  readonly outputs: readonly WrittenFile[]; // in the order in which they got their names
  readonly ledger: WrittenFile;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
}

/**
 * The manifest at a path; undefined where there is none.
 * @throws {OutputError} where it is not one
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
    // Said below: not one.
  }
  throw new OutputError(`${path} is not a manifest of halonet.`, {
    hint: 'Move it away, or choose another name for the output.',
  });
}

/** What tells one finished run from another. */
export function manifestDigest(manifest: Manifest): string {
  return createHash('sha256').update(encodeManifest(manifest)).digest('hex');
}

/**
 * Size and SHA-256 of a file.
 * @throws {ReadFailure} where it cannot be read; the signal's reason when it aborts
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
