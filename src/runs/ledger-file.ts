import { open } from 'node:fs/promises';
import { OutputError } from '../errors.js';
import { reading } from '../files/write-error.js';
import { readFully } from '../read-fully.js';
import { decodeRecords, type LedgerRecord, RECORD_BYTES } from './ledger.js';

const CHUNK_ROWS = 4096;

/**
 * Yields the records of the first `rows` rows of a ledger, many at a time: whole records of {@link RECORD_BYTES} bytes.
 * @param from the first row to yield
 * @throws {OutputError} if the ledger is shorter
 * @throws {ReadFailure}
 */
export async function* ledgerChunks(path: string, rows: number, from = 0): AsyncGenerator<Uint8Array> {
  const handle = await reading(() => open(path, 'r'));
  try {
    for (let row = from; row < rows; row += CHUNK_ROWS) {
      const bytes = Buffer.alloc(Math.min(CHUNK_ROWS, rows - row) * RECORD_BYTES);
      const read = await reading(() => readFully(handle, bytes, row * RECORD_BYTES));
      if (read < bytes.byteLength) {
        throw new OutputError(
          `${path} is damaged: expected ${rows} rows of ${RECORD_BYTES} bytes, and it ends early`,
          { hint: 'Pass --overwrite to start over.' },
        );
      }
      yield bytes;
    }
  } finally {
    await handle.close().catch(() => {}); // nothing more is read
  }
}

/** Yields the records of the first `rows` rows of a ledger, from row `from` on, one at a time. @throws as `ledgerChunks` */
export async function* ledgerRecords(path: string, rows: number, from = 0): AsyncGenerator<LedgerRecord> {
  for await (const chunk of ledgerChunks(path, rows, from)) yield* decodeRecords(chunk);
}
