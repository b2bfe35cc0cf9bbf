import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import { tarOf } from '../support/archives.js';
import { halonet, ROOT } from '../support/cli.js';
import { duckdb, sqlText } from '../support/duckdb.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--batch-size', '1', '--quiet'];
const FIXTURES = join(ROOT, 'fixtures/images/shapes');
const FACTS = ['sha256', 'bytes', 'format', 'width', 'height'] as const;
const ASKED = ['--columns', FACTS.join(',')];

type Cells = Readonly<Record<string, string>>;

/** Returns the records of a CSV by their paths, with their facts only. */
function factsIn(csv: string): Readonly<Record<string, Cells>> {
  const records = parse(csv, { columns: true }) as readonly Cells[];
  return Object.fromEntries(
    records.map((cells) => [cells.path, Object.fromEntries(FACTS.map((name) => [name, cells[name] ?? '']))]),
  );
}

/** Returns what the cells of the facts about a file must be. */
function cellsOf(
  bytes: Uint8Array,
  known: Partial<Record<'format' | 'width' | 'height', string | number>> = {},
) {
  const { format = '', width = '', height = '' } = known;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    sha256,
    bytes: String(bytes.byteLength),
    format: String(format),
    width: String(width),
    height: String(height),
  };
}

const NOTHING = { sha256: '', bytes: '', format: '', width: '', height: '' };

describe('--columns', () => {
  let folder: string;
  let expected: Record<string, Cells>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-facts-'));
    const photos = join(folder, 'photos');
    await mkdir(photos);
    const files: Record<string, readonly [Uint8Array, Parameters<typeof cellsOf>[1]]> = {};
    for (const name of await readdir(FIXTURES)) {
      const bytes = await readFile(join(FIXTURES, name));
      const { width, height, format = '' } = await sharp(bytes).metadata();
      files[name] = [bytes, { width, height, format: format === 'heif' ? 'avif' : format }];
    }
    const photo = sharp({ create: { width: 60, height: 40, channels: 3, background: '#336699' } });
    const turned = await photo.withMetadata({ orientation: 6 }).jpeg().toBuffer();
    files['turned.jpg'] = [turned, { width: 40, height: 60, format: 'jpeg' }];
    const whole = await readFile(join(ROOT, 'fixtures/preprocess/chelsea.jpg'));
    const { width, height } = await sharp(whole).metadata();
    const cut = whole.subarray(0, whole.byteLength >> 1);
    files['cut.jpg'] = [cut, { width, height, format: 'jpeg' }];
    files['none.jpg'] = [Buffer.from('no image'), {}];
    files['empty.jpg'] = [Buffer.of(), {}];
    files['page.png'] = [Buffer.from('<!DOCTYPE html><p>not found'), { format: 'html' }];
    // Drawings are decoded in a separate process.
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>';
    files['drawing.svg'] = [Buffer.from(drawing), { width: 30, height: 20, format: 'svg' }];
    expected = {};
    for (const [name, [bytes, known]] of Object.entries(files)) {
      await writeFile(join(photos, name), bytes);
      expected[`photos/${name}`] = cellsOf(bytes, known);
    }
  });
  after(() => rm(folder, { recursive: true }));
  const here = (args: readonly string[]) => halonet(args, { cwd: folder });
  const read = (name: string) => readFile(join(folder, name));
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await here([...args, ...DEMO]);
    assert.ok(code === 0 || code === 1, stderr);
    return stdout;
  };

  it('writes facts about all images to CSV, after the path', async () => {
    const csv = await run('classify', 'photos', '-k', '1', ...ASKED);
    assert.match(csv, /^path,sha256,bytes,format,width,height,index_1,label_1,score_1,error\n/);
    assert.deepEqual(factsIn(csv), expected);
    const embedded = await run('embed', 'photos', ...ASKED);
    assert.match(embedded, /^path,sha256,bytes,format,width,height,e0,/);
    assert.deepEqual(factsIn(embedded), expected);
    const safe = await run('classify', 'photos', '-k', '1', '--csv-safe', ...ASKED);
    assert.deepEqual(factsIn(safe), expected);
    const stages = await run('features', 'photos', '--pool', 'avg', '--stages', '3,4', '-f', 'csv', ...ASKED);
    assert.match(stages, /^path,sha256,bytes,format,width,height,stage,f0,/);
    assert.deepEqual(factsIn(stages), expected);
  });

  it('changes nothing else', async () => {
    const csv = await run('classify', 'photos', '-k', '1', '--columns', 'format');
    const plain = await run('classify', 'photos', '-k', '1');
    assert.equal(csv.replaceAll(/^([^,]+),[a-z]*,/gm, '$1,'), plain);
  });

  it('writes members of JSON lines, null if they are not known', async () => {
    for (const name of ['c.jsonl', 'c.jsonl.gz']) {
      await run('classify', 'photos', '-k', '1', '-o', name, ...ASKED);
      const text = name.endsWith('.gz') ? gunzipSync(await read(name)) : await read(name);
      for (const line of String(text).trimEnd().split('\n')) {
        const { path, ...members } = JSON.parse(line);
        assert.deepEqual(Object.keys(members).slice(0, FACTS.length), FACTS);
        const numbers = (cell: string | undefined) => (cell === '' ? null : Number(cell));
        const { sha256, format, ...sizes } = expected[path] ?? assert.fail(path);
        assert.deepEqual(
          FACTS.map((fact) => members[fact]),
          FACTS.map((fact) =>
            fact === 'sha256' ? sha256 : fact === 'format' ? format || null : numbers(sizes[fact]),
          ),
        );
      }
    }
  });

  it('writes columns of the index beside arrays, in folders of features, and in trees', async () => {
    await run('embed', 'photos', '-o', 'e.npy', ...ASKED);
    await run('classify', 'photos', '-o', 's.npy', ...ASKED);
    await run('features', 'photos', '--stages', '4', '-o', 'pyramid', ...ASKED);
    await run('features', 'photos', '--stages', '4', '--layout', 'per-image', '-o', 'tree', ...ASKED);
    for (const name of ['e.index.csv', 's.index.csv', 'pyramid/index.csv', 'tree/index.csv']) {
      const index = String(await read(name));
      assert.match(index, /^row,path,sha256,bytes,format,width,height,error/);
      assert.deepEqual(factsIn(index), expected, name);
    }
    assert.equal((await here(['verify', 'tree'])).code, 0);
  });

  it('writes typed columns of Parquet, and reads them back', async () => {
    for (const [name, ...command] of [
      ['c.parquet', 'classify', '-k', '1'],
      ['e.parquet', 'embed'],
    ] as const) {
      await run(...command, 'photos', '-o', name, ...ASKED);
      const file = sqlText(join(folder, name));
      const types = await duckdb(`select column_name, column_type from (describe select * from ${file})`);
      assert.deepEqual(
        types.slice(0, 6).map((one) => Object.values(one)),
        [
          ['path', 'VARCHAR'],
          ['sha256', 'VARCHAR'],
          ['bytes', 'BIGINT'],
          ['format', 'VARCHAR'],
          ['width', 'INTEGER'],
          ['height', 'INTEGER'],
        ],
      );
      const cells = FACTS.map((fact) => `coalesce(${fact}::varchar, '') as ${fact}`);
      const rows = await duckdb(`select path, ${cells} from ${file}`);
      assert.deepEqual(Object.fromEntries(rows.map(({ path, ...facts }) => [path, facts])), expected);
      const then = await read(name);
      await run(...command, 'photos', '-o', name, '--sync', ...ASKED);
      assert.ok((await read(name)).equals(then));
    }
  });

  it('has the size of the stored image with --no-auto-orient', async () => {
    const csv = await run('classify', 'photos/turned.jpg', '--no-auto-orient', '--columns', 'width,height');
    assert.match(csv, /^photos\/turned\.jpg,60,40,/m);
  });

  it('has facts about members of archives, whole images of boxes, and images that do not exist', async () => {
    const heart = await readFile(join(FIXTURES, 'heart.png'));
    const cut = await read('photos/cut.jpg');
    const members = { 'heart.png': heart, 'cut.jpg': cut };
    const entries = Object.entries(members).map(([name, content]) => ({ name, content }));
    await writeFile(join(folder, 'a.tar'), tarOf(...entries));
    const png = expected['photos/heart.png'] ?? {};
    assert.deepEqual(factsIn(await run('classify', 'a.tar', ...ASKED)), {
      'a.tar/heart.png': png,
      'a.tar/cut.jpg': expected['photos/cut.jpg'],
    });
    const lines = [
      'path,x,y,w,h',
      'photos/heart.png,10,10,50,50',
      'photos/heart.png,0,0,9999,5',
      'gone.png,0,0,1,1',
    ];
    await writeFile(join(folder, 'boxes.csv'), lines.join('\n'));
    const boxes = ['--from', 'boxes.csv', '--crop-columns', 'x,y,w,h', '--keep-columns', 'x,w'];
    const csv = await run('classify', ...boxes, ...ASKED);
    assert.match(csv, /^path,x,w,sha256,bytes,format,width,height,index_1,/);
    assert.deepEqual(Object.values(factsIn(csv)), [png, png, NOTHING]);
    const listed = await halonet(['classify', '-', ...DEMO, ...ASKED], {
      cwd: folder,
      stdin: 'photos/heart.png\n',
    });
    assert.deepEqual(factsIn(listed.stdout), { 'photos/heart.png': png });
  });

  it('keeps the facts of stored rows, and finds those of retried and changed images', async () => {
    for (const [output, text] of [
      ['r.csv', 'r.csv'],
      ['r.jsonl', 'r.jsonl'],
      ['r.npy', 'r.index.csv'],
      ['r', 'r/index.csv'],
    ] as const) {
      const photos = join(folder, 'some');
      await mkdir(photos);
      for (const name of ['heart.png', 'arrow.png']) await copyFile(join(FIXTURES, name), join(photos, name));
      await writeFile(join(photos, 'late.png'), 'no image');
      const command = output === 'r' ? ['features', '--stages', '4'] : ['embed'];
      const args = [...command, 'some', '-o', output, '--columns', 'bytes,sha256,width'];
      await run(...args);
      await copyFile(join(FIXTURES, 'heart.png'), join(photos, 'late.png'));
      assert.equal((await here(['retry', output, '--quiet'])).code, 0);
      const retried = await read(text);
      await run(...args, '--overwrite');
      assert.deepEqual(String(await read(text)), String(retried));
      await copyFile(join(FIXTURES, 'arrow.png'), join(photos, 'heart.png'));
      await utimes(join(photos, 'heart.png'), 1e9, 1e9);
      await rm(join(photos, 'late.png'));
      await run(...args, '--sync');
      const synced = await read(text);
      await run(...args, '--overwrite');
      assert.deepEqual(String(await read(text)), String(synced));
      await rm(photos, { recursive: true });
    }
  });

  it('updates kept columns before them with --sync', async () => {
    const list = (label: string) =>
      writeFile(join(folder, 'labels.csv'), `path,label\nphotos/heart.png,${label}\n`);
    const args = ['classify', '--from', 'labels.csv', '--keep-columns', 'label', ...ASKED];
    for (const name of ['k.csv', 'k.jsonl', 'k.parquet', 'k.npy']) {
      await list('"a, b"');
      await run(...args, '-o', name);
      await list('longer than before');
      await run(...args, '-o', name, '--sync');
      const text = await read(name === 'k.npy' ? 'k.index.csv' : name);
      const { stored } = JSON.parse(String(await read(`${name}.run.json`)));
      assert.equal(stored, 1);
      await run(...args, '-o', name, '--overwrite');
      assert.ok((await read(name === 'k.npy' ? 'k.index.csv' : name)).equals(text), name);
    }
  });

  it('refuses to continue an output with other columns', async () => {
    await run('classify', 'photos/heart.png', '-o', 'o.csv', '--columns', 'bytes');
    const other = ['classify', 'photos/heart.png', '-o', 'o.csv', ...DEMO, '--sync'];
    const { code, stderr } = await here([...other, '--columns', 'bytes,width']);
    assert.equal(code, 2);
    assert.match(stderr, /--columns was bytes, now bytes,width/);
    assert.match((await here(other)).stderr, /--columns was bytes, now not set/);
  });

  it('refuses a kept column of the same name, unless all are kept', async () => {
    await writeFile(join(folder, 'sizes.csv'), 'path,width\nphotos/heart.png,7\n');
    const args = ['classify', '--from', 'sizes.csv', '-k', '1', ...DEMO, '--columns', 'width'];
    const { code, stderr } = await here([...args, '--keep-columns', 'width']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /--keep-columns: "width" would also be a column of --columns\n +Leave it out of one/,
    );
    const { stdout } = await here([...args, '--keep-columns', 'all']);
    const { width } = expected['photos/heart.png'] ?? {};
    assert.match(stdout, new RegExp(`^path,width,index_1,.*\nphotos/heart.png,${width},`));
  });

  it('refuses unknown and repeated names', async () => {
    for (const names of ['size', 'bytes,bytes', '']) {
      const { code, stderr } = await here(['classify', 'photos', '--columns', names]);
      assert.equal(code, 2);
      assert.match(stderr, /expected distinct names among width, height, bytes, sha256, format/);
    }
  });

  it('counts in the estimate of --dry-run', async () => {
    const size = async (...args: readonly string[]) => {
      const planned = await here(['classify', 'photos', ...DEMO, '-o', 'd.csv', '--dry-run', ...args]);
      assert.equal(planned.code, 0, planned.stderr);
      const [, digits = ''] = /d\.csv +~? *([\d,]+)/.exec(planned.stdout) ?? assert.fail(planned.stdout);
      return Number(digits.replaceAll(',', ''));
    };
    assert.ok((await size('--columns', 'sha256')) >= (await size()) + 60);
  });
});
