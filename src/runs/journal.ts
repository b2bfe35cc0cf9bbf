import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { closeOnError } from '../files/close-on-error.js';
import { writeFully } from '../files/pending-file.js';
import { errorCode, reading } from '../files/write-error.js';

/** The settings, besides the inputs, that determine a run's bytes. A run resumes only if all of them are unchanged. */
export type Fingerprint = Readonly<Record<string, string | number | boolean>>;

const FORMAT = 2;

/** The first record of a journal. */
export interface JournalHeader {
  readonly halonet: typeof FORMAT;
  readonly fingerprint: Fingerprint;
  readonly replaces: boolean; // publishing replaces the existing output
  readonly reuses: boolean; // the run reuses rows of earlier outputs
  readonly base: string; // the digest of the manifest of the finished one among them; '' if there is none
  readonly retries: boolean; // the inputs are the rows of the finished output
  readonly started: string; // ISO 8601
  readonly others?: readonly OtherOutput[]; // of the run, besides the one whose folder holds the journal; left out if there are none
}

/** Another output of a run. */
export interface OtherOutput {
  readonly path: string; // relative to the folder of the lead's, with forward slashes
  readonly base: string; // as in the header, of this output
}

/** A point that a run can resume from, with everything before it on disk. */
export interface Checkpoint extends OutputState {
  readonly rows: number;
  readonly seconds: number; // spent on the run so far
  readonly others?: readonly OutputState[]; // in the order of the header's
}

/** The files of one output at a checkpoint. */
export interface OutputState {
  readonly bytes: Readonly<Record<string, number>>; // of every file, by name
  readonly inputs: string; // SHA-256 of the ledger so far, and so a digest of the inputs
}

/** The state that a journal records: the last record of each kind. */
export interface JournalState {
  readonly header: JournalHeader;
  readonly checkpoint: Checkpoint;
  readonly packed: Readonly<Record<number, PackedRows>>; // once all rows are there and packing has begun, by number of the output: 0 is the lead
  readonly complete: boolean; // all files, manifest included, exist under temporary names
  readonly length: number; // bytes of whole records
}

/** How far the packing of a run's rows has come. */
export interface PackedRows {
  readonly of: number; // rows in all
  readonly survey: unknown; // as the packing returned it
  readonly rows: number; // packed, and on disk
  readonly steps: readonly unknown[]; // as the packing returned them
}

interface OfOutput {
  readonly output?: number; // left out for the lead
}

type PackingRecord = Pick<PackedRows, 'of' | 'survey'> & OfOutput;
type PackedRecord = Pick<PackedRows, 'rows' | 'steps'> & OfOutput;

type JournalRecord =
  | { readonly header: JournalHeader }
  | { readonly checkpoint: Checkpoint }
  | { readonly packing: PackingRecord } // begins
  | { readonly packed: PackedRecord } // the steps since the last such record
  | { readonly complete: true };

/**
 * The journal of a run: one line of JSON per record, with a digest of the record, appended and synced to disk. A line that
 * a crash truncated or left blank ends it.
 * Every method throws the file system's error.
 */
export class Journal {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @param checkpoint one with no rows */
  static async create(path: string, header: JournalHeader, checkpoint: Checkpoint): Promise<Journal> {
    const journal = new Journal(await open(path, 'wx'));
    return closeOnError(journal, async () => {
      await journal.append({ header }, { checkpoint });
      return journal;
    });
  }

  /** @param length bytes of whole records, from {@link readJournal} */
  static async reopen(path: string, length: number): Promise<Journal> {
    const handle = await open(path, 'r+');
    await closeOnError(handle, () => handle.truncate(length));
    await handle.close();
    return new Journal(await open(path, 'a'));
  }

  /** Resolves when the records are on disk. The data they describe must be on disk before the call. */
  async append(...records: readonly JournalRecord[]): Promise<void> {
    await writeFully(this.#handle, Buffer.from(records.map(lineOf).join('')));
    await this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/**
 * Reads a journal.
 * @returns undefined if there is none, or its beginning never reached the disk
 * @throws {OutputError} if another version wrote it
 * @throws {ReadFailure}
 */
export async function readJournal(path: string): Promise<JournalState | undefined> {
  let header: JournalHeader | undefined;
  let checkpoint: Checkpoint | undefined;
  const packed: Record<number, PackedRows> = {};
  let complete = false;
  let length = 0;
  const read = async () => {
    for await (const line of endedLines(path)) {
      const record = recordOf(line.toString());
      if (record === undefined) break;
      if ('header' in record) header = record.header;
      else if ('checkpoint' in record) checkpoint = record.checkpoint;
      else if ('packing' in record) begin(packed, record.packing);
      else if ('packed' in record) addSteps(packed, record.packed);
      else complete = true;
      length += line.byteLength + 1;
    }
  };
  await reading(() =>
    read().catch((error) => {
      if (errorCode(error) !== 'ENOENT') throw error;
    }),
  );
  if (header !== undefined && header.halonet !== FORMAT) {
    throw new OutputError(
      `${path} was written by another version of halonet: expected format ${FORMAT}, found ${header.halonet}`,
      {
        hint: 'Use that version, or pass --overwrite to start over.',
      },
    );
  }
  return header && checkpoint && { header, checkpoint, packed, complete, length };
}

/** Records that the packing of an output begins, perhaps again. */
function begin(packed: Record<number, PackedRows>, { output = 0, of, survey }: PackingRecord): void {
  packed[output] = { of, survey, rows: 0, steps: [] };
}

function addSteps(packed: Record<number, PackedRows>, { output = 0, rows, steps }: PackedRecord): void {
  const begun = packed[output];
  if (begun === undefined) return;
  (begun.steps as unknown[]).push(...steps);
  packed[output] = { ...begun, rows };
}

const LINE_FEED = 0x0a;

/** Yields the complete lines of a file without their line feeds, one at a time: the journal of a long run is large. */
async function* endedLines(path: string): AsyncGenerator<Buffer> {
  let rest = Buffer.of();
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}

function lineOf(record: JournalRecord): string {
  return `${JSON.stringify({ record, sum: sumOf(record) })}\n`;
}

function recordOf(line: string): JournalRecord | undefined {
  try {
    const { record, sum } = JSON.parse(line) as { record: JournalRecord; sum: string };
    return sumOf(record) === sum ? record : undefined;
  } catch {
    return undefined;
  }
}

function sumOf(record: JournalRecord): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 16);
}
