import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAILURE_CODES } from '../../src/errors.js';
import { fileIdentity } from '../../src/file-identity.js';
import { identify } from '../../src/identify.js';
import {
  decodeRecord,
  encodeRecord,
  isSameFile,
  type LedgerRecord,
  pathKey,
  RECORD_BYTES,
} from '../../src/runs/ledger.js';
import { ledgerChunks } from '../../src/runs/ledger-file.js';
import { inFolder } from '../outputs/scratch.js';

const RECORD: LedgerRecord = {
  path: 0x0123_4567_89ab_cdefn,
  target: 0xfedc_ba98_7654_3210n,
  file: { bytes: 1234, modified: 0x1122_3344_5566_7788n },
  failure: undefined,
  textEnd: 99,
};

describe('a ledger record', () => {
  it('round-trips, even with extreme values', () => {
    const records: readonly LedgerRecord[] = [
      RECORD,
      { ...RECORD, path: 0n },
      { ...RECORD, path: 2n ** 64n - 1n },
      { ...RECORD, target: 0n },
      { ...RECORD, target: 2n ** 64n - 1n },
      { ...RECORD, file: undefined },
      { ...RECORD, file: { bytes: 0, modified: 1n } },
      { ...RECORD, file: { bytes: 1, modified: 0n } },
      { ...RECORD, file: { bytes: 2 ** 48 - 1, modified: 2n ** 63n - 1n } },
      { ...RECORD, file: { bytes: 5, modified: -(2n ** 63n) } }, // long before 1970
      { ...RECORD, textEnd: 0 },
      { ...RECORD, textEnd: Number.MAX_SAFE_INTEGER },
      ...FAILURE_CODES.map((failure) => ({ ...RECORD, failure })),
    ];
    const bytes = Buffer.concat(records.map(encodeRecord));
    assert.equal(bytes.byteLength, records.length * RECORD_BYTES);
    // At an odd offset, as in part of a file.
    const shifted = Buffer.concat([Buffer.alloc(7), bytes]).subarray(7);
    for (const [row, record] of records.entries()) assert.deepEqual(decodeRecord(shifted, row), record);
  });

  it('has the documented layout', () => {
    const record = encodeRecord({ ...RECORD, failure: 'permission' });
    assert.equal(
      Buffer.from(record).toString('hex'),
      [
        'efcdab8967452301',
        '8877665544332211',
        'd20400000000',
        '0200',
        '6300000000000000',
        '1032547698badcfe',
      ].join(''),
    );
  });

  it('decodes an unknown failure code from a later version as read_failed', () => {
    const record = Buffer.from(encodeRecord(RECORD));
    record.writeUInt16LE(60_000, 22);
    assert.equal(decodeRecord(record, 0).failure, 'read_failed');
  });

  it('identifies a path by the first 64 bits of its SHA-256', () => {
    const path = 'photos/ä\n".jpg';
    const digest = createHash('sha256').update(Buffer.from(path)).digest();
    assert.equal(pathKey(path), digest.readBigUInt64LE(0));
  });
});

describe('the identity of a file', () => {
  it(
    'fits into a record, whatever the date and size of the file',
    inFolder(async (folder) => {
      const path = join(folder, 'a');
      await writeFile(path, 'abc');
      for (const year of ['1902', '1970', '2100', '2261', '2263', '2400']) {
        const date = new Date(`${year}-01-01T00:00:00Z`);
        await utimes(path, date, date);
        const file = await identify(path);
        assert.equal(file?.bytes, 3);
        assert.deepEqual(decodeRecord(encodeRecord({ ...RECORD, file }), 0).file, file, year);
      }
      const huge = fileIdentity({ size: 2n ** 62n, mtimeNs: 10n ** 21n }); // year 33658, on tmpfs
      assert.deepEqual(decodeRecord(encodeRecord({ ...RECORD, file: huge }), 0).file, huge);
    }),
  );

  it('distinguishes files by size and date, and missing files from existing ones', () => {
    const file = { bytes: 3, modified: 5n };
    assert.ok(isSameFile(file, { ...file }));
    assert.ok(isSameFile(undefined, undefined));
    for (const other of [{ ...file, bytes: 4 }, { ...file, modified: 6n }, undefined]) {
      assert.ok(!isSameFile(file, other));
      assert.ok(!isSameFile(other, file));
    }
  });

  it('survives a record for an empty file dated 1970', () => {
    const file = { bytes: 0, modified: 0n };
    assert.ok(isSameFile(decodeRecord(encodeRecord({ ...RECORD, file }), 0).file, file));
  });
});

describe('ledgerChunks', () => {
  const ROWS = 10_000;
  const recordOf = (row: number) => encodeRecord({ ...RECORD, textEnd: row });
  const read = async (path: string, rows: number) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of ledgerChunks(path, rows)) chunks.push(chunk);
    return { all: Buffer.concat(chunks), count: chunks.length };
  };

  it(
    'reads the requested number of rows, in chunks of whole records',
    inFolder(async (folder) => {
      const path = join(folder, 'rows');
      const bytes = Buffer.concat(Array.from({ length: ROWS }, (_, row) => recordOf(row)));
      await writeFile(path, bytes);
      for (const rows of [0, 1, 4095, 4096, 4097, ROWS - 1, ROWS]) {
        const { all, count } = await read(path, rows);
        assert.ok(all.equals(bytes.subarray(0, rows * RECORD_BYTES)), `${rows} rows`);
        assert.equal(count, Math.ceil(rows / 4096));
      }
      await assert.rejects(read(path, ROWS + 1), /rows is damaged: expected 10001 rows of 40 bytes/);
    }),
  );

  it(
    'reports why a ledger cannot be read',
    inFolder(async (folder) => {
      await assert.rejects(read(join(folder, 'none'), 1), {
        name: 'ReadFailure',
        message: 'no such file or folder',
      });
      await mkdir(join(folder, 'folder'));
      await assert.rejects(read(join(folder, 'folder'), 1), {
        name: 'ReadFailure',
        message: 'it is a folder, not a file',
      });
    }),
  );
});
