import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { tarOf } from '../support/archives.js';
import { type CliResult, halonet, ROOT } from '../support/cli.js';
import { page, parquetOf, plain } from '../support/parquet.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--top-k', '1'];
const SHAPES = ['arrow.png', 'heart.png', 'triangle.png'];
const SIDE = 128; // pixels of each shape

describe('--crop-columns', () => {
  let folder: string;
  let sheet: Buffer; // three shapes side by side
  before(async () => {
    const parts = await Promise.all(
      SHAPES.map(async (name, i) => {
        const shape = sharp(await readFile(join(ROOT, 'fixtures/images/shapes', name)));
        return { input: await shape.resize(SIDE, SIDE, { fit: 'fill' }).toBuffer(), left: i * SIDE, top: 0 };
      }),
    );
    const background = { width: 3 * SIDE, height: SIDE, channels: 3, background: '#fff' } as const;
    sheet = await sharp({ create: background }).composite(parts).png().toBuffer();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-crops-'));
    await mkdir(join(folder, 'data'));
    await write('data/sheet.png', sheet);
    await writeList('boxes.csv', 'data/sheet.png');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (name: string, content: string | Buffer) => writeFile(join(folder, name), content);
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const here = (args: readonly string[]): Promise<CliResult> => halonet([...args, ...DEMO], { cwd: folder });
  const cropping = ['--crop-columns', 'x,y,w,h'];
  const boxes = ['--from', 'boxes.csv', ...cropping];

  /** Writes a list with a box for each shape. */
  const writeList = (name: string, path: string) =>
    write(
      name,
      ['path,x,y,w,h', ...SHAPES.map((_, i) => `${path},${i * SIDE},0,${SIDE},${SIDE}`), ''].join('\n'),
    );

  /** The ids and the labels of rows, or their failures. */
  async function rowsOf(args: readonly string[]): Promise<string[]> {
    const { code, stdout, stderr } = await here(['classify', ...args, '--quiet', '-f', 'jsonl']);
    if (code === 2) return [stderr];
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { path, predictions, error } = JSON.parse(line);
        return `${path} ${error === undefined ? predictions[0].label : `${error.code}: ${error.message}`}`;
      });
  }

  const expected = (path: string) =>
    ['arrow', 'heart', 'triangle'].map((label, i) => `${path}#xywh=${i * SIDE},0,${SIDE},${SIDE} ${label}`);

  it('gives a row for each line, named and computed by its box', async () => {
    assert.deepEqual(await rowsOf(boxes), expected('data/sheet.png'));
    const [first] = expected('data/sheet.png')[1]?.split(' ') ?? [];
    assert.deepEqual(await rowsOf([first ?? '']), expected('data/sheet.png').slice(1, 2));
    await write('list.txt', `${first}\nnone.png#xywh=0,0,5,5\n`);
    assert.deepEqual(await rowsOf(['--from', 'list.txt']), [
      ...expected('data/sheet.png').slice(1, 2),
      'none.png#xywh=0,0,5,5 not_found: no such file or folder',
    ]);
  });

  it('takes pixels of the upright image, and fractions of its sides', async () => {
    const { data, info } = await sharp(sheet).rotate(270).toBuffer({ resolveWithObject: true });
    assert.equal(info.height, 3 * SIDE);
    await write(
      'data/turned.jpg',
      await sharp(data).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer(),
    );
    await writeList('turned.csv', 'data/turned.jpg');
    const turned = ['--from', 'turned.csv', ...cropping];
    assert.deepEqual(await rowsOf([...turned, '--auto-orient']), expected('data/turned.jpg'));
    const [, second] = await rowsOf([...turned, '--no-auto-orient']);
    assert.match(second ?? '', /invalid_crop: the box \d+,0,\d+,\d+ has no pixel of the image, which has/);
    await write('part.csv', `path,x,y,w,h\ndata/sheet.png,${1 / 3},0,${1 / 3},1\n`);
    assert.deepEqual(await rowsOf(['--from', 'part.csv', ...cropping, '--crop-units', 'fraction']), [
      'data/sheet.png#xywh=percent:33.333333,0,33.333333,100 heart',
    ]);
  });

  it('crops members of archives, rows of Parquet files, and each image of a whole one', async () => {
    await write('data/a.tar', tarOf({ name: 'in/sheet.png', content: sheet }));
    const table = parquetOf([{ rows: 2, pages: [page(plain(sheet, sheet), { rows: 2 })] }]);
    await write('data/a.parquet', table);
    for (const path of ['data/a.tar/in/sheet.png', 'data/a.parquet/1']) {
      await writeList('boxes.csv', path);
      assert.deepEqual(await rowsOf(boxes), expected(path));
    }
    const box = `#xywh=${SIDE},0,${SIDE},${SIDE}`;
    assert.deepEqual(
      await rowsOf([`data/a.parquet${box}`, `data/a.tar${box}`, 'data/a.tar/in/x.png#xywh=0,0,5,5']),
      [
        `data/a.parquet/0${box} heart`,
        `data/a.parquet/1${box} heart`,
        `data/a.tar/in/sheet.png${box} heart`,
        'data/a.tar/in/x.png#xywh=0,0,5,5 not_found: there is no such member of an archive, or row of a Parquet file',
      ],
    );
    assert.deepEqual(await rowsOf([`data${box}`]), [`data/sheet.png${box} heart`]);
  });

  it('leaves other names with a # alone: a file of exactly that name comes first', async () => {
    for (const name of ['sheet.png#xywh=0,0,5,5', 'a#1.png', '#.png'])
      await copyFile(join(ROOT, 'fixtures/images/shapes/triangle.png'), join(folder, 'data', name));
    const names = ['data/sheet.png#xywh=0,0,5,5', 'data/a#1.png', 'data/#.png'];
    assert.deepEqual(
      await rowsOf(names),
      names.map((name) => `${name} triangle`),
    );
    const member = 'x#xywh=0,0,5,5';
    await write('data/x.tar', tarOf({ name: member, content: 'no image' }));
    await here(['classify', `data/x.tar/${member}`, '-o', 'x.csv']);
    await write('data/x.tar', tarOf({ name: member, content: sheet }));
    const retried = await halonet(['retry', 'x.csv'], { cwd: folder });
    assert.match(retried.stderr, /^retried 1 image .*, 1 succeeded/m);
    assert.match(
      (await rowsOf(['data/x.tar/x#xywh=0,0,5,5']))[0] ?? '',
      /^data\/x\.tar\/x#xywh=0,0,5,5 [a-z]+$/,
    );
  });

  it('fails the row of a box that is none, lies outside, or is in a part already', async () => {
    const lines = ['a,0,5,5', ',,,', '0,0,0,5', '-9,-9,5,5', `0.4,0.4,${SIDE},1e1`, '0,0,NaN,Infinity'];
    const path = 'data/sheet.png';
    await write(
      'boxes.csv',
      ['path,x,y,w,h', ...lines.map((box) => `${path},${box}`), `${path}#xywh=1,1,9,9,0,0,5,5`, '']
        .join('\n')
        .replace('9,9,0', '9,9",0')
        .replace(`${path}#`, `"${path}#`),
    );
    assert.deepEqual(
      (await rowsOf(boxes)).map((row) => row.replace(path, '').replace(/ [a-z]+$/, ' …')),
      [
        '#xywh=a,0,5,5 invalid_crop: the box "a,0,5,5" is not four …',
        '#xywh=,,, invalid_crop: the box ",,," is not four …',
        '#xywh=0,0,0,5 invalid_crop: the box 0,0,0,5 is …',
        `#xywh=-9,-9,5,5 invalid_crop: the box -9,-9,5,5 has no pixel of the image, which has ${3 * SIDE} x ${SIDE}`,
        `#xywh=0.4,0.4,${SIDE},10 …`,
        '#xywh=0,0,NaN,Infinity invalid_crop: the box "0,0,NaN,Infinity" is not four …',
        '#xywh=1,1,9,9#xywh=0,0,5,5 invalid_crop: a box in a part of an image; halonet crops an image …',
      ],
    );
  });

  it('matches patterns with the path of the image, and keeps the columns of the list', async () => {
    const kept = ['classify', ...boxes, '--keep-columns', 'x,w', '-q'];
    const { stdout } = await here([...kept, '--include', '*.png', '--limit', '1']);
    assert.match(
      stdout,
      new RegExp(`^path,x,w,index_1,.*\\n"data/sheet\\.png#xywh=0,0,${SIDE},${SIDE}",0,${SIDE},0,arrow,`),
    );
    assert.equal((await here([...kept, '--exclude', 'data/*.png'])).stdout.split('\n').length, 2);
  });

  it('resumes, syncs and retries its rows by their boxes', async () => {
    const run = (...args: readonly string[]) =>
      here(['classify', ...boxes, '--keep-columns', 'x', '-o', 'c.csv', ...args]);
    const asNew = async () => {
      const found = await read('c.csv');
      await run('--overwrite');
      assert.equal(found, await read('c.csv'));
    };
    await write('boxes.csv', `${await read('boxes.csv')}data/none.png,0,0,5,5\ndata/none.png,z,0,5,5\n`);
    const stopped = await run('--fail-fast');
    assert.match(
      stopped.stderr,
      /stopped at the first failed image, "data\/none\.png#xywh=0,0,5,5" \(not_found/,
    );
    assert.equal((await run('--resume')).code, 1);
    await asNew();

    await write('data/none.png', sheet);
    const retried = await halonet(['retry', 'c.csv'], { cwd: folder });
    assert.match(retried.stderr, /^retried \d images? .*, 1 succeeded/m);
    assert.match(
      await read('c.csv'),
      /^"data\/none\.png#xywh=z,0,5,5",z,,,,"invalid_crop: the box ""z,0,5,5"" is not four numbers"$/m,
    );
    await asNew();

    // One box is new, one is gone, one has moved to another line; the others need not be computed again.
    const [header = '', first = '', second = '', ...others] = (await read('boxes.csv')).split('\n');
    await write(
      'boxes.csv',
      [header, second, ...others.slice(0, -1), `data/sheet.png,1,1,${SIDE},${SIDE}`, ''].join('\n'),
    );
    assert.ok(first.startsWith('data/sheet.png,0,'));
    const synced = await run('--sync');
    assert.match(synced.stderr, /c\.csv: 1 new, 1 gone\n1 image in .*, 5 rows in all/);
    await asNew();
    assert.equal((await halonet(['verify', 'c.csv'], { cwd: folder })).code, 0);
    const planned = await here(['classify', ...boxes, '--keep-columns', 'x', '-o', 'd.csv', '--dry-run']);
    assert.match(planned.stdout, /^images +4 found/m, planned.stderr);
  });

  it('is refused without such columns, before anything is written', async () => {
    await write('list.txt', 'data/sheet.png\n');
    for (const [args, message] of [
      [
        ['--from', 'boxes.csv', '--crop-columns', 'x,y,w,k'],
        /^error: --from boxes\.csv: it has no column "k"\n {2}.*Name one with --crop-columns/,
      ],
      [['--from', 'boxes.csv', '--crop-columns', 'x,y,w'], /expected four distinct names of columns/],
      [['--from', 'list.txt', ...cropping], /a text list has no columns/],
      [['data', ...cropping], /--crop-columns needs --from/],
      [[...boxes.slice(0, 2), '--crop-units', 'fraction'], /--crop-units needs --crop-columns/],
      [['none.png#xywh=0,0,5,5'], /^error: no file or folder "none\.png"\n/],
    ] as const) {
      const { code, stderr } = await here(['classify', ...args, '-o', 'c.csv']);
      assert.deepEqual([code, message.test(stderr)], [2, true], stderr);
    }
  });
});
