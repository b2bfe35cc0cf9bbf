import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet } from '../support/cli.js';
import { duckdb, sqlText } from '../support/duckdb.js';
import { readFloats } from '../support/read-npy.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--batch-size', '1', '--quiet'];
const IMAGES = 'fixtures/images';

/** CSV has no types: DuckDB takes all whole numbers for large ones. */
const withNumbers = (row: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.startsWith('index') && value !== null ? Number(value) : value,
    ]),
  );

describe('Parquet on the command line', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-parquet-'));
    await mkdir(join(folder, 'broken'));
    await writeFile(join(folder, 'broken', 'a.jpg'), 'no image');
  });
  after(() => rm(folder, { recursive: true }));
  const place = (name: string) => join(folder, name);
  const inputs = () => [IMAGES, place('broken')];
  const read = (name: string, what = '*') => duckdb(`select ${what} from ${sqlText(place(name))}`);

  it("has classify's rows as in CSV", async () => {
    for (const name of ['c.csv', 'c.parquet'])
      assert.equal((await halonet(['classify', ...inputs(), ...DEMO, '-o', place(name)])).code, 1);
    const ranks = [1, 2, 3, 4, 5].flatMap((i) => [
      `index_${i}`,
      `label_${i}`,
      `score_${i}::float as score_${i}`,
    ]);
    const error = "coalesce(error_code || ': ' || error_message, '') as error";
    const rows = await read('c.parquet', `path, ${ranks}, ${error}`);
    const csv = `read_csv(${sqlText(place('c.csv'))}, header = true)`;
    const expected = await duckdb(`select path, ${ranks}, coalesce(error, '') as error from ${csv}`);
    assert.equal(rows.length, 17);
    assert.deepEqual(rows.map(withNumbers), expected.map(withNumbers));
  });

  it("has embed's values as in NPY, in both precisions", async () => {
    assert.equal((await halonet(['embed', ...inputs(), ...DEMO, '-o', place('e.npy')])).code, 1);
    const { data } = await readFloats(place('e.npy'));
    for (const dtype of ['float32', 'float16'] as const) {
      const name = `e-${dtype}.parquet`;
      const args = ['embed', ...inputs(), ...DEMO, '--dtype', dtype, '-o', place(name)];
      assert.equal((await halonet(args)).code, 1);
      const rows = await read(name, 'embedding, error_code');
      assert.deepEqual(rows.at(-1)?.embedding, new Array(512).fill('NaN'));
      assert.equal(rows.at(-1)?.error_code, 'unsupported_format');
      const values = rows.slice(0, -1).flatMap(({ embedding }) => embedding as number[]);
      const expected = [...data.subarray(0, values.length)];
      if (dtype === 'float32') assert.deepEqual(values, expected);
      else assert.ok(values.every((value, i) => Math.abs(value - (expected[i] ?? 0)) < 2e-3));
    }
  });

  it('keeps columns of a list with their types', async () => {
    const list = place('list.jsonl');
    const lines = [
      {
        path: join(process.cwd(), IMAGES, 'shapes/arrow.png'),
        id: 7,
        ratio: 0.5,
        train: true,
        note: 'x, "y"',
      },
      { path: 'missing.jpg', id: 8, ratio: 2, train: false, note: null },
    ];
    await writeFile(list, lines.map((line) => JSON.stringify(line)).join('\n'));
    const args = ['classify', '--from', list, '--keep-columns', 'id,ratio,train,note', ...DEMO];
    assert.equal((await halonet([...args, '-k', '1', '-o', place('kept.parquet')])).code, 1);
    const rows = await read('kept.parquet', 'id, ratio, train, note, error_code');
    assert.deepEqual(rows, [
      { id: '7', ratio: 0.5, train: true, note: 'x, "y"', error_code: null },
      { id: '8', ratio: 2, train: false, note: null, error_code: 'not_found' },
    ]);
  });

  it('is updated by --sync with the bytes of a new run', async () => {
    const photos = place('photos');
    await mkdir(photos);
    const copy = async (name: string) =>
      writeFile(join(photos, `${name}.png`), await readFile(join(IMAGES, 'shapes', `${name}.png`)));
    for (const name of ['arrow', 'heart']) await copy(name);
    const run = (...flags: readonly string[]) => halonet(['embed', photos, ...DEMO, ...flags]);
    assert.equal((await run('-o', place('s.parquet'))).code, 0);
    await copy('triangle');
    await rm(join(photos, 'arrow.png'));
    assert.equal((await run('-o', place('s.parquet'), '--sync')).code, 0);
    assert.equal((await run('-o', place('fresh.parquet'))).code, 0);
    assert.ok((await readFile(place('s.parquet'))).equals(await readFile(place('fresh.parquet'))));
    const { stored } = JSON.parse(await readFile(place('s.parquet.run.json'), 'utf8'));
    assert.equal(stored, 1);
  });

  it('is planned by --dry-run, with the room that packing needs', async () => {
    const { code, stdout } = await halonet(['embed', IMAGES, ...DEMO, '-o', place('d.parquet'), '--dry-run']);
    assert.equal(code, 0);
    assert.match(stdout, /only until the run completes/);
    assert.match(stdout, /d\.parquet +~ [\d,]+ +~ [\d,]+/);
  });

  it('is refused for maps and for standard output, with what to do instead', async () => {
    const maps = await halonet(['features', IMAGES, ...DEMO, '-o', place('f.parquet')]);
    assert.equal(maps.code, 2);
    assert.match(maps.stderr, /Parquet holds one vector per image: maps need the format npy or jsonl/);
    const stream = await halonet(['embed', IMAGES, ...DEMO, '-f', 'parquet']);
    assert.equal(stream.code, 2);
    assert.match(stream.stderr, /cannot be written to standard output/);
    const device = await halonet(['embed', IMAGES, ...DEMO, '-f', 'parquet', '-o', '/dev/stdout']);
    assert.equal(device.code, 2);
  });
});
