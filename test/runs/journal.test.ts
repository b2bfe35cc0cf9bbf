import assert from 'node:assert/strict';
import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, Journal, type PackedRows, readJournal } from '../../src/runs/journal.js';
import { headerOf, inFolder } from '../outputs/scratch.js';

const HEADER = headerOf({ fingerprint: { format: 'csv', labels: 'ä, "ö"\n', topK: 5, decode: true } });

function checkpointOf(rows: number): Checkpoint {
  return { rows, bytes: { 'a.csv': 10 * rows }, inputs: `digest ${rows}`, seconds: rows / 2 };
}

/** Writes a journal of eight records: a header, three checkpoints, three of packing and the end. @returns the offset where each ends */
async function writtenJournal(path: string): Promise<readonly number[]> {
  const ends: number[] = [];
  const journal = await Journal.create(path, HEADER, checkpointOf(0));
  const bytes = await readFile(path);
  ends.push(bytes.indexOf('\n') + 1, bytes.byteLength);
  for (const record of [
    { checkpoint: checkpointOf(1) },
    { checkpoint: checkpointOf(2) },
    { packing: { of: 2, survey: { widest: 3 } } },
    { packed: { rows: 1, steps: ['a'] } },
    { packed: { rows: 2, steps: ['b', { end: 7 }] } },
    { complete: true } as const,
  ]) {
    await journal.append(record);
    ends.push((await stat(path)).size);
  }
  await journal.close();
  return ends;
}

const PACKING = { of: 2, survey: { widest: 3 } };
const PACKED: readonly PackedRows[] = [
  { ...PACKING, rows: 0, steps: [] },
  { ...PACKING, rows: 1, steps: ['a'] },
  { ...PACKING, rows: 2, steps: ['a', 'b', { end: 7 }] },
];

/** Returns the state that a journal of so many complete records holds. */
function stateAfter(records: number, ends: readonly number[]) {
  if (records < 2) return undefined;
  return {
    header: HEADER,
    checkpoint: checkpointOf(Math.min(records, 4) - 2),
    packed: records < 5 ? {} : { 0: PACKED[Math.min(records, 7) - 5] },
    complete: records === 8,
    length: ends[records - 1],
  };
}

describe('Journal', () => {
  it(
    'returns the state of the last complete record, however much of the end is missing',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      const ends = await writtenJournal(path);
      const bytes = await readFile(path);
      for (let length = 0; length <= bytes.byteLength; length++) {
        await writeFile(path, bytes.subarray(0, length));
        const whole = ends.filter((end) => end <= length).length;
        assert.deepEqual(await readJournal(path), stateAfter(whole, ends), `${length} bytes`);
      }
    }),
  );

  it(
    'tells the packing of each output of a run',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      const journal = await Journal.create(path, HEADER, checkpointOf(2));
      await journal.append({ packing: { of: 2, survey: 'first' } }, { packed: { rows: 2, steps: ['a'] } });
      await journal.append({ packing: { of: 2, survey: 'third', output: 2 } });
      await journal.append({ packed: { rows: 1, steps: ['b'], output: 2 } });
      await journal.append({ packed: { rows: 2, steps: ['c'], output: 2 } });
      await journal.close();
      assert.deepEqual((await readJournal(path))?.packed, {
        0: { of: 2, survey: 'first', rows: 2, steps: ['a'] },
        2: { of: 2, survey: 'third', rows: 2, steps: ['b', 'c'] },
      });
    }),
  );

  it(
    'can be longer than what is read at once',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      const journal = await Journal.create(path, HEADER, checkpointOf(0));
      await journal.append(
        ...Array.from({ length: 5000 }, (_, rows) => ({ checkpoint: checkpointOf(rows) })),
      );
      await journal.close();
      const { size } = await stat(path);
      assert.ok(size > 5 * 2 ** 16);
      const state = await readJournal(path);
      assert.deepEqual([state?.checkpoint, state?.length], [checkpointOf(4999), size]);
      await truncate(path, size - 1);
      assert.deepEqual((await readJournal(path))?.checkpoint, checkpointOf(4998));
    }),
  );

  it(
    'ends before blank or foreign bytes that a crash left',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      const ends = await writtenJournal(path);
      const bytes = await readFile(path);
      const tails = [
        Buffer.alloc(4096),
        Buffer.from(`${'\0'.repeat(100)}\n`),
        Buffer.from('\n'),
        Buffer.from('{}\nnull\n17\n{"record":{"complete":true}}\n{"record":{"complete":true},"sum":"0"}\n'),
        Buffer.from([0xff, 0xfe, 0xc3, 0x0a, 0x28, 0x0a]),
      ];
      for (const [records, end] of ends.entries()) {
        for (const tail of tails) {
          // Records after the damage do not count, even if they are intact.
          await writeFile(path, Buffer.concat([bytes.subarray(0, end), tail, bytes.subarray(end)]));
          assert.deepEqual(await readJournal(path), stateAfter(records + 1, ends));
        }
      }
    }),
  );

  it(
    'detects a changed byte anywhere in a record',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      const ends = await writtenJournal(path);
      const bytes = await readFile(path);
      const [from = 0, to = 0] = [ends[2], ends[3]];
      for (let at = from; at < to; at++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ 1;
        await writeFile(path, damaged);
        assert.deepEqual(await readJournal(path), stateAfter(3, ends), `byte ${at}`);
      }
    }),
  );

  it(
    'continues after its last complete record',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      const ends = await writtenJournal(path);
      const bytes = await readFile(path);
      for (const cut of [1, 17, 40]) {
        await writeFile(path, bytes.subarray(0, (ends[3] ?? 0) - cut));
        const journal = await Journal.reopen(path, ends[2] ?? 0);
        await journal.append({ checkpoint: checkpointOf(7) });
        await journal.close();
        const state = await readJournal(path);
        assert.deepEqual([state?.checkpoint, state?.complete], [checkpointOf(7), false]);
        assert.equal(state?.length, (await stat(path)).size);
      }
    }),
  );

  it(
    'does not count without a header or without a checkpoint',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      assert.equal(await readJournal(path), undefined);
      const [end = 0] = await writtenJournal(path);
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(end));
      assert.equal(await readJournal(path), undefined);
      await writeFile(path, bytes.subarray(0, end));
      assert.equal(await readJournal(path), undefined);
    }),
  );

  it(
    'refuses to replace an existing journal, and to read a folder',
    inFolder(async (folder) => {
      const path = join(folder, 'journal');
      await writtenJournal(path);
      await assert.rejects(Journal.create(path, HEADER, checkpointOf(0)), { code: 'EEXIST' });
      await mkdir(join(folder, 'other'));
      await assert.rejects(readJournal(join(folder, 'other')), {
        name: 'ReadFailure',
        message: 'it is a folder, not a file',
      });
    }),
  );
});
