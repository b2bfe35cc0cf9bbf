import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarOf } from '../support/archives.js';
import { type CliResult, halonet, ROOT } from '../support/cli.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1'];
const NAMES = ['arrow.png', 'heart.png', 'triangle.png'];

describe('--from', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-from-'));
    await mkdir(join(folder, 'data'));
    for (const name of NAMES)
      await copyFile(join(ROOT, 'fixtures/images/shapes', name), join(folder, 'data', name));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (name: string, ...lines: readonly string[]) =>
    writeFile(join(folder, name), lines.map((line) => `${line}\n`).join(''));
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const here = (args: readonly string[]): Promise<CliResult> =>
    halonet([...args, ...DEMO, ...(args[0] === 'classify' ? ['--top-k', '1'] : [])], { cwd: folder });

  /** The paths of the rows on standard output, or `error` with the message. */
  async function pathsOf(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await here(['classify', ...args, '--format', 'jsonl', '--quiet']);
    if (code === 2) return stderr;
    return stdout
      .replace(/^\{"path":"([^"]*)".*?(?:"code":"(\w+)".*)?\}$/gm, '$1 $2')
      .replace(/ +$/gm, '')
      .trimEnd();
  }

  it('reads paths from text, CSV, TSV and JSON lines, relative to the list', async () => {
    await write('data/list.txt', 'heart.png', '', 'none.png');
    await write('data/list.csv', '\uFEFFid,file_name', '1,heart.png', '', '2,none.png');
    await write('data/list.tsv', 'path\tn', 'heart.png\t1', 'none.png\t2');
    await write('data/list.jsonl', '', '{"image":"heart.png"}', '', '{"image":"none.png","n":1}');
    for (const name of ['list.txt', 'list.csv', 'list.tsv', 'list.jsonl'])
      assert.equal(await pathsOf('--from', `data/${name}`), 'data/heart.png\ndata/none.png not_found', name);
  });

  it('starts relative paths in --root, and leaves absolute ones', async () => {
    await write('list.csv', 'path', 'heart.png', join(folder, 'data/arrow.png'));
    assert.equal(
      await pathsOf('--from', 'list.csv', '--root', 'data/'),
      `data/heart.png\n${join(folder, 'data/arrow.png')}`,
    );
    assert.match(await pathsOf('--from', 'list.csv'), /^heart\.png not_found\n/);
  });

  it('walks the inputs first, and takes folders and archives from lists', async () => {
    await write('list.txt', 'data', 'data/heart.png');
    assert.equal(
      await pathsOf('data/triangle.png', '--from', 'list.txt'),
      ['data/triangle.png', ...NAMES.map((name) => `data/${name}`), 'data/heart.png'].join('\n'),
    );
  });

  it('makes a row for each line without a path', async () => {
    await write('list.csv', 'path,x', ',1', 'data/heart.png,2');
    assert.equal(await pathsOf('--from', 'list.csv'), 'list.csv:2 invalid_name\ndata/heart.png');
    await write('list.jsonl', '{"path":3}', '{"x":1}');
    assert.equal(
      await pathsOf('--from', 'list.jsonl'),
      'list.jsonl:1 invalid_name\nlist.jsonl:2 invalid_name',
    );
  });

  it('writes an empty output for an empty list', async () => {
    await write('list.csv', 'path');
    await write('none.txt');
    for (const name of ['list.csv', 'none.txt']) {
      const { code, stdout } = await here(['classify', '--from', name, '--quiet']);
      assert.deepEqual([code, stdout], [0, 'path,index_1,label_1,score_1,error\n']);
    }
  });

  it('rejects lists that cannot be read, or have no such columns, before it writes anything', async () => {
    await write('list.csv', 'file,label,error', 'data/heart.png,a,b');
    await write('list.txt', 'data/heart.png');
    await write('bad.jsonl', '{"path":"a"}', '{"path":');
    await write('bad.csv', 'path,n', '"data/heart.png,1');
    await write('odd.csv', 'name,n', 'x,1');
    await write('bad.parquet', 'no Parquet at all');
    await writeFile(join(folder, 'photos.tar'), tarOf({ name: 'data/heart.png', content: 'x' }));
    for (const [args, message] of [
      [['none.csv'], /^error: --from none\.csv: no such file or folder\n$/],
      [['data'], /^error: --from data: it is a folder, not a file\n {2}Name the folder as an input\.\n$/],
      [['/dev/null'], /^error: --from \/dev\/null: it is a pipe or device, not a file\n {2}Pipe the list in/],
      [
        ['odd.csv'],
        /no column with a usual name for paths\n {2}Its columns are name, n\. Name one with --path-column\.\n$/,
      ],
      [
        ['list.csv', '--path-column', 'fiel'],
        /it has no column "fiel"\n {2}Did you mean file\? Its columns are/,
      ],
      [['list.csv', '--keep-columns', 'lable'], /no input has a column "lable"\n {2}Did you mean label\?/],
      [
        ['list.csv', '--keep-columns', '"a,b"'],
        /no input has a column "a,b"\n {2}The columns are label, error\./,
      ],
      [['list.csv', '--keep-columns', 'error'], /the output has a column "error" of its own\n/],
      [['list.txt', '--keep-columns', 'all'], /--keep-columns all: the inputs have no columns\n/],
      [['list.csv', '--root', ''], /^error: --root is empty\n/],
      [['list.csv', '--keep-columns', 'a,a'], /expected distinct names of columns/],
      [
        ['photos.tar'],
        /^error: --from photos\.tar: it is a tar archive, not a list of paths\n {2}Name an archive/,
      ],
      [['bad.jsonl'], /^error: --from bad\.jsonl: line 2 is not JSON\n/],
      [['bad.csv'], /^error: --from bad\.csv: Quote Not Closed/],
      [['bad.parquet'], /^error: --from bad\.parquet: it does not begin with PAR1\n/],
    ] as const) {
      const { code, stderr } = await here(['embed', '-o', 'x.npy', '--from', ...args]);
      assert.deepEqual(
        [code, message.test(stderr.replace(/^.*rows? .*\n|^device.*\n/gm, ''))],
        [2, true],
        stderr,
      );
    }
    assert.equal(await pathsOf(), await pathsOf(), 'no input');
    assert.match(await pathsOf('data', '--root', 'x'), /^error: --root needs --from\n/);
  });

  describe('with --keep-columns', () => {
    const lines = [
      'path,label,note',
      'data/arrow.png,"a, b",1',
      'data/none.png,=x,',
      'data/heart.png,"say ""hi""",3',
    ];
    const kept = ['--from', 'list.csv', '--keep-columns', 'all'];

    it('carries columns into CSV, JSON lines and the index of NPY', async () => {
      await write('list.csv', ...lines);
      const csv = (await here(['classify', ...kept, '--quiet'])).stdout.split('\n');
      assert.equal(csv[0], 'path,label,note,index_1,label_1,score_1,error');
      assert.match(csv[1] ?? '', /^data\/arrow\.png,"a, b",1,0,arrow,0\.\d+,$/);
      assert.equal(csv[2], 'data/none.png,=x,,,,,not_found: no such file or folder');
      assert.match(csv[3] ?? '', /^data\/heart\.png,"say ""hi""",3,6,heart,/);
      await here(['embed', ...kept, '-o', 'e.npy']);
      assert.equal(
        await read('e.index.csv'),
        `row,path,label,note,error\n0,data/arrow.png,"a, b",1,\n1,data/none.png,=x,,not_found: no such file or folder\n2,data/heart.png,"say ""hi""",3,\n`,
      );
      const one = ['--from', 'list.csv', '--keep-columns', 'note', '--format', 'jsonl', '--quiet'];
      assert.match(
        (await here(['classify', ...one])).stdout,
        /^\{"path":"data\/arrow\.png","note":"1","predictions":\[/,
      );
    });

    it('keeps columns in their order, whatever their names', async () => {
      await write(
        'list.jsonl',
        '{"path":"data/x","constructor":"k","__proto__":"m","b":1,"2020":"y"}',
        '{"path":"data/y"}',
      );
      const names = ['b', '2020', 'constructor', '__proto__'];
      const args = ['--from', 'list.jsonl', '--keep-columns', names.join(','), '--quiet'];
      const jsonl = await here(['classify', ...args, '--format', 'jsonl']);
      const [first, second] = jsonl.stdout.split('\n');
      assert.match(
        first ?? '',
        /^\{"path":"data\/x","b":1,"2020":"y","constructor":"k","__proto__":"m","error":\{/,
      );
      assert.match(
        second ?? '',
        /^\{"path":"data\/y","b":null,"2020":null,"constructor":null,"__proto__":null,"error":\{/,
      );
      const csv = (await here(['classify', ...args])).stdout.split('\n');
      assert.match(csv[0] ?? '', /^path,b,2020,constructor,__proto__,index_1,/);
      assert.match(csv[1] ?? '', /^data\/x,1,y,k,m,,,,not_found/);
      assert.match(csv[2] ?? '', /^data\/y,,,,,,,,not_found/);
    });

    for (const format of ['csv', 'jsonl'])
      it(`retries rows of inputs and of a list together: ${format}`, async () => {
        await write('list.csv', 'path,label', 'data/none.png,x', 'data/gone.png,');
        await here([
          'classify',
          'data',
          '--from',
          'list.csv',
          '--keep-columns',
          'label',
          '-o',
          `c.${format}`,
        ]);
        for (const name of ['none', 'gone'])
          await copyFile(join(folder, 'data/heart.png'), join(folder, `data/${name}.png`));
        const retried = await halonet(['retry', `c.${format}`], { cwd: folder });
        assert.match(retried.stderr, /^retried \d images? .*, 2 succeeded/, retried.stderr);
      });

    it('makes columns and their names safe for spreadsheets, and numbers stay numbers in a retry', async () => {
      await write('list.jsonl', '{"path":"data/none.png","=cmd()":"=1","n":-5}');
      const args = ['--from', 'list.jsonl', '--keep-columns', 'all', '--csv-safe'];
      await here(['classify', ...args, '-o', 'c.csv']);
      const before = await read('c.csv');
      assert.match(before, /^path,"'=cmd\(\)",n,.*\n"data\/none\.png","'=1",-5,/);
      const retried = await halonet(['retry', 'c.csv'], { cwd: folder });
      assert.equal(retried.code, 1, retried.stderr);
      assert.equal(await read('c.csv'), before);
    });

    it('keeps the types of JSON lines', async () => {
      await write(
        'list.jsonl',
        '{"path":"data/arrow.png","n":1.5,"ok":true,"none":null,"deep":{"a":[1]}}',
        '{"path":"data/x"}',
      );
      const { stdout } = await here([
        'classify',
        '--from',
        'list.jsonl',
        '--keep-columns',
        'all',
        '-f',
        'jsonl',
        '-q',
      ]);
      const [first, second] = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual([first.n, first.ok, first.none, first.deep], [1.5, true, null, '{"a":[1]}']);
      assert.deepEqual([second.n, second.ok, second.error.code], [null, null, 'not_found']);
    });

    for (const name of ['lists/pyarrow.parquet', 'lists/duckdb.parquet'])
      it(`keeps the types of Parquet, and retries its rows: ${name}`, async () => {
        const list = join(ROOT, 'fixtures/parquet', name);
        const { stderr } = await here([
          'classify',
          '--from',
          list,
          '--root',
          'data',
          '--keep-columns',
          'all',
          '-o',
          'c.jsonl',
        ]);
        assert.match(stderr, /^3 images .*, 3 failed \(not_found 3\)/);
        await copyFile(join(folder, 'data/heart.png'), join(folder, 'data/none.png'));
        const retried = await halonet(['retry', 'c.jsonl'], { cwd: folder });
        assert.match(retried.stderr, /^retried 3 images .*, 1 succeeded, /);
        const [first, second] = (await read('c.jsonl')).split('\n').map((line) => line && JSON.parse(line));
        const { path, error, ...columns } = first;
        assert.deepEqual(columns, {
          ...{ label: 'first, "one"', count: 1, large: '1152921504606846976', score: 0.1, good: true },
          ...{ day: '2024-02-29', time: '2024-02-29T12:30:00.500Z' },
        });
        assert.deepEqual(
          [path, error.code, second.score, second.predictions.length],
          ['data/a.png', 'not_found', null, 1],
        );
      });

    for (const output of ['c.csv', 'c.jsonl', 'e.npy']) {
      const task = output.startsWith('c') ? 'classify' : 'embed';
      const text = output === 'e.npy' ? 'e.index.csv' : output;
      const run = (...args: readonly string[]) => here([task, ...kept, '-o', output, ...args]);

      it(`resumes, syncs and retries ${output} with the columns of the list`, async () => {
        await write('list.csv', ...lines);
        const stopped = await run('--fail-fast');
        assert.equal(stopped.code, 1, stopped.stderr);
        assert.equal((await run('--resume')).code, 1);
        const whole = await read(text);
        assert.equal((await run('--overwrite')).code, 1);
        assert.equal(await read(text), whole);

        // Other columns, and another order: nothing is computed again.
        const others = [
          lines[0] ?? '',
          'data/heart.png,new,4',
          'data/none.png,=x,',
          'data/arrow.png,"a, b",1',
        ];
        await write('list.csv', ...others);
        const refused = await run('--resume');
        assert.equal(refused.code, 2);
        const synced = await run('--sync');
        assert.match(synced.stderr, /(^|\n)no images to compute, 3 rows in all/);
        const after = await read(text);
        await run('--overwrite');
        assert.equal(after, await read(text));

        // A retry keeps the columns, even if the list is gone.
        await rm(join(folder, 'list.csv'));
        await copyFile(join(folder, 'data/triangle.png'), join(folder, 'data/none.png'));
        const retried = await halonet(['retry', output], { cwd: folder });
        assert.equal(retried.code, 0, retried.stderr);
        await write('list.csv', ...others);
        const last = await read(text);
        await run('--overwrite');
        assert.equal(last, await read(text));
        assert.match(last, /data\/none\.png.*=x/);
      });
    }

    it('rewrites the columns of an output whose list has other values', async () => {
      await write('list.csv', ...lines);
      await here(['classify', ...kept, '-o', 'c.csv']);
      await write('list.csv', ...lines.map((line) => line.replace('"a, b",1', 'other,9')));
      const synced = await here(['classify', ...kept, '-o', 'c.csv', '--sync']);
      assert.equal(synced.code, 1, synced.stderr);
      assert.match(await read('c.csv'), /^data\/arrow\.png,other,9,0,arrow,/m);
      const refused = await here(['classify', '--from', 'list.csv', '-o', 'c.csv', '--sync']);
      assert.match(refused.stderr, /started with other settings: --keep-columns/);
    });
  });

  it('selects from the lines of a list', async () => {
    await write('list.txt', ...NAMES.map((name) => `data/${name}`));
    assert.equal(
      await pathsOf('--from', 'list.txt', '--limit', '2', '--exclude', 'a*'),
      'data/heart.png\ndata/triangle.png',
    );
  });

  it('plans a dry run from a list', async () => {
    await write('list.csv', 'path,label', ...NAMES.map((name) => `data/${name},x`));
    const { code, stdout } = await here([
      'classify',
      '--from',
      'list.csv',
      '--keep-columns',
      'all',
      '--dry-run',
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^images +3 found$/m);
  });
});
