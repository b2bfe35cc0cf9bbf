import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarOf } from '../support/archives.js';
import { type CliResult, halonet, ROOT } from '../support/cli.js';

const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];
const SHAPES = ['arrow.png', 'heart.png', 'triangle.png'];

describe('--keep-columns of archives and Parquet files', () => {
  let folder: string;
  let images: readonly Buffer[];
  before(async () => {
    images = await Promise.all(SHAPES.map((name) => readFile(join(ROOT, 'fixtures/images/shapes', name))));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-kept-'));
    await copyFile(join(ROOT, 'fixtures/parquet/pyarrow-snappy.parquet'), join(folder, 'd.parquet'));
    await writeSamples({});
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const here = (args: readonly string[]): Promise<CliResult> => halonet([...args, ...DEMO], { cwd: folder });

  /** Writes an archive of samples, of which some have other captions, and one may have a broken image. */
  const writeSamples = ({ caption = 'c', broken = -1 }) =>
    writeFile(
      join(folder, 'a.tar'),
      tarOf(
        ...images.flatMap((image, i) => [
          { name: `${i}.png`, content: i === broken ? Buffer.alloc(image.byteLength, 'x') : image },
          { name: `${i}.json`, content: JSON.stringify({ caption: `${caption} ${i}`, deep: { i } }) },
          { name: `${i}.cls`, content: String(i) },
        ]),
      ),
    );

  it('are written with their types, and in the order that is asked for', async () => {
    const run = (...args: readonly string[]) => here(['classify', ...args, '--top-k', '1', '--quiet']);
    const all = await run('d.parquet', 'a.tar', '--keep-columns', 'all', '-f', 'jsonl');
    const rows = all.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(Object.keys(rows[0]), [
      'path',
      'label',
      'image.path',
      'cls',
      'caption',
      'deep',
      'predictions',
    ]);
    const columns = rows.map(({ path, predictions, ...others }) => others);
    assert.deepEqual(columns[0], { label: 0, 'image.path': 'a.png', cls: null, caption: null, deep: null });
    assert.deepEqual(columns[8], {
      label: null,
      'image.path': null,
      cls: 1,
      caption: 'c 1',
      deep: '{"i":1}',
    });
    const { stdout } = await run('a.tar', 'd.parquet', '--keep-columns', 'image.path,caption');
    assert.match(stdout, /^path,image\.path,caption,index_1,.*\na\.tar\/0\.png,,c 0,0,arrow,/);
    assert.match(stdout, /\nd\.parquet\/6,g\.png,,\d/);
  });

  it('may have names with commas, quoted as in CSV', async () => {
    const content = JSON.stringify({ 'a,b': 1, 'c"d': 2, e: 3 });
    await writeFile(
      join(folder, 'b.tar'),
      tarOf({ name: '0.json', content }, { name: '0.png', content: images[0] as Buffer }),
    );
    for (const [names, header] of [
      ['"a,b",e', '"a,b",e'],
      ['"c""d"', '"c""d"'],
      ['c"d', '"c""d"'],
    ] as const) {
      const { stdout, stderr } = await here(['embed', 'b.tar', '--keep-columns', names, '-q']);
      assert.ok(stdout.startsWith(`path,${header},e0,`), `${names}: ${stderr}`);
    }
    for (const names of ['', 'a,,b', '"a', 'a\nb', 'a,a']) {
      const { code, stderr } = await here(['embed', 'b.tar', '--keep-columns', names]);
      assert.deepEqual([code, /expected distinct names of columns/.test(stderr)], [2, true], names);
    }
  });

  it('that no input has are refused before anything is written', async () => {
    const { code, stderr } = await here([
      'embed',
      'd.parquet',
      'a.tar',
      '-o',
      'e.npy',
      '--keep-columns',
      'captoin',
    ]);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      'error: --keep-columns: no input has a column "captoin"\n  Did you mean caption? The columns are label, image.path, cls, caption, deep.\n',
    );
    await assert.rejects(read('e.npy'));
  });

  it('that cannot be read leave a note, and the images their rows', async () => {
    const broken = tarOf(
      { name: '0.png', content: images[0] as Buffer },
      { name: '0.cls', content: '1' },
      { name: '1.png', content: images[1] as Buffer },
      { name: '1.json', content: '{' },
    );
    await writeFile(join(folder, 'b.tar'), broken);
    const { code, stdout, stderr } = await here(['classify', 'b.tar', '-k', '1', '--keep-columns', 'cls']);
    assert.equal(code, 0);
    assert.match(stdout, /\nb\.tar\/0\.png,1,0,arrow,.*\nb\.tar\/1\.png,,6,heart,/);
    assert.equal(
      stderr.match(/^b\.tar: columns of 1 image cannot be read; the first: 1\.json: it is not JSON$/gm)
        ?.length,
      1,
    );
  });

  it('come with the rows of a list on standard input', async () => {
    const args = ['classify', '-', '-k', '1', '-q', ...DEMO, '--keep-columns', 'cls,nothing'];
    const { stdout } = await halonet(args, { cwd: folder, stdin: 'a.tar\n' });
    assert.match(stdout, /^path,cls,nothing,.*\na\.tar\/0\.png,0,,0,arrow/);
  });

  for (const output of ['c.csv', 'c.jsonl', 'e.npy']) {
    const task = output.startsWith('c') ? 'classify' : 'embed';
    const text = output === 'e.npy' ? 'e.index.csv' : output;
    const run = (...args: readonly string[]) =>
      here([task, 'a.tar', 'd.parquet', '--keep-columns', 'caption,label,cls', '-o', output, ...args]);

    it(`are kept by a resume, a sync and a retry of ${output}`, async () => {
      await writeSamples({ broken: 1 });
      assert.equal((await run('--fail-fast')).code, 1);
      assert.equal((await run('--resume')).code, 1);
      const whole = await read(text);
      assert.equal((await run('--overwrite')).code, 1);
      assert.equal(await read(text), whole);

      // A retry reads the image only: its columns stay those of the row.
      await writeSamples({ caption: 'other' });
      const retried = await halonet(['retry', output], { cwd: folder });
      assert.match(retried.stderr, /^retried 1 image .*, 1 succeeded/m);
      const after = await read(text);
      assert.match(after, /a\.tar\/1\.png.*c 1/);
      assert.equal((await halonet(['verify', output], { cwd: folder })).code, 0);

      // A sync takes the columns of today, and computes the images that were read from the archive of before.
      const dry = await run('--sync', '--dry-run');
      assert.match(dry.stdout, /^images +10 found/m, dry.stderr);
      const synced = await run('--sync');
      assert.match(synced.stderr, /2 changed, 3 with a new path or new columns\n2 images /);
      const last = await read(text);
      assert.match(last, /a\.tar\/1\.png.*other 1/);
      await run('--overwrite');
      assert.equal(last, await read(text));
      const other = await here([
        task,
        'a.tar',
        'd.parquet',
        '--keep-columns',
        'cls',
        '-o',
        output,
        '--resume',
      ]);
      assert.match(other.stderr, /started with other settings: --keep-columns/);
    });
  }

  it('do not disturb a calibration for int8, of the inputs or others', async () => {
    for (const calibration of ['a.tar', 'd.parquet']) {
      const args = [
        '--precision',
        'int8',
        '--calibration',
        calibration,
        '--keep-columns',
        'cls',
        '-k',
        '1',
        '-q',
      ];
      const { code, stdout, stderr } = await here(['classify', 'a.tar', ...args]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /\na\.tar\/2\.png,2,13,triangle,/);
    }
  });
});
