import assert from 'node:assert/strict';
import { mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { failureCode, type Row } from '../../src/rows.js';
import { pathKey } from '../../src/runs/ledger.js';
import { OutputRows } from '../../src/runs/stored-rows.js';
import { inFolder, placeOf, startRun, writeAll } from '../outputs/scratch.js';
import { filesIn, MATRIX, OUTPUT_CASES, type OutputCase, referenceOf } from './outputs.js';

/** Returns the rows of a finished output, or of one in progress, for use in another. */
async function storedIn(
  folder: string,
  { name, layout, rows }: OutputCase,
  finished: boolean,
): Promise<OutputRows> {
  const output = join(folder, name);
  const sink = await startRun(output, layout);
  for (const row of rows) await sink.write(row);
  const place = await placeOf(output, layout);
  if (finished) await writeAll(sink, []);
  else await sink.leave();
  return OutputRows.open(place, layout, rows.length, finished ? undefined : place.partial);
}

async function asRow(stored: OutputRows, number: number, { id, file }: Row): Promise<Row> {
  return { status: 'stored', id, file, stored: await stored.find(number) };
}

describe('OutputRows', () => {
  for (const example of OUTPUT_CASES) {
    for (const finished of [true, false]) {
      it(
        `makes the same output as computed rows, in any order: ${example.name}${finished ? '' : ', in progress'}`,
        inFolder(async (folder) => {
          const { name, layout, rows } = example;
          const stored = await storedIn(folder, example, finished);
          // Twelve rows, so row numbers gain a digit; some are computed, and some occur twice.
          const order = [6, 5, 4, 3, 2, 1, 0, 1, 1, 2, 6, 5];
          const wanted = order.map((number) => rows[number] as Row);
          const given = await Promise.all(
            order.map((number, i) =>
              i % 3 === 2 ? (rows[number] as Row) : asRow(stored, number, rows[number] as Row),
            ),
          );
          const own = join(folder, 'own');
          await mkdir(own);
          await writeAll(await startRun(join(own, name), layout), given);
          await stored.close();
          assert.deepEqual(await filesIn(own), await referenceOf({ ...example, rows: wanted }));
        }),
      );
    }
  }

  it(
    'returns the path, file identity and failure of each row',
    inFolder(async (folder) => {
      for (const example of OUTPUT_CASES) {
        const own = join(folder, example.name);
        await mkdir(own);
        const stored = await storedIn(own, example, true);
        assert.equal(stored.rows, example.rows.length);
        for (const [number, row] of example.rows.entries()) {
          const { record, failure } = await stored.find(number);
          assert.deepEqual([record.path, record.file], [pathKey(row.id), row.file]);
          assert.deepEqual([failure, record.failure], [failureCode(row), failureCode(row)]);
        }
        await stored.close();
      }
    }),
  );

  it(
    'reports truncated files as damaged, and a missing ledger as missing',
    inFolder(async (folder) => {
      const example = MATRIX;
      const { layout, name } = example;
      await (await storedIn(folder, example, true)).close();
      const place = await placeOf(join(folder, name), layout);
      const damaged = (error: unknown) => error instanceof OutputError && /is damaged/.test(error.message);
      const stored = await OutputRows.open(place, layout, 7);
      const last = await stored.find(6);
      await assert.rejects(stored.find(7), damaged);
      await truncate(place.path, 150);
      await assert.rejects(last.bytes(name), damaged);
      await assert.rejects(async () => last.bytes('logits.npy'), OutputError);
      await truncate(join(folder, 'embeddings.index.csv'), 30);
      await assert.rejects(last.bytes('embeddings.index.csv'), damaged);
      await stored.close();
      await rm(place.ledger);
      await assert.rejects(OutputRows.open(place, layout, 7), {
        name: 'ReadFailure',
        message: 'no such file or folder',
      });
    }),
  );
});
