import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { readJournal } from '../../src/runs/journal.js';
import { filesIn } from '../runs/outputs.js';
import { tarOf } from '../support/archives.js';
import { type CliResult, halonet, startHalonet } from '../support/cli.js';

// One image at a time, and a checkpoint after each.
const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];

/** An output: the command that writes it, its name and the flags of that output. */
type Wanted = readonly [command: 'classify' | 'embed' | 'features', output: string, flags?: string];

const CLASSES: Wanted = ['classify', 'classes.csv', '--top-k 2'];
const EMBEDDINGS: Wanted = ['embed', 'embeddings.npy'];
const PYRAMID: Wanted = ['features', 'pyramid', '--stages 3,4'];
const THREE = [CLASSES, EMBEDDINGS, PYRAMID];

/** Outputs that hold values of one layer in many ways, and the same values twice. */
const MANY: readonly Wanted[] = [
  ...THREE,
  ['features', 'pooled.csv', '--stages 3,4 --pool avg'],
  ['features', 'cells.jsonl', '--stages 4 --pool grid:2 --dtype float16'],
  ['features', 'maps', '--stages 2,4'],
  ['embed', 'unit.npy', '--normalize --dtype float16'],
  ['embed', 'same.csv'],
  ['embed', 'max.npy', '--pool max'],
  ['embed', 'unpooled.npy', '--pool none'],
  ['classify', 'scores.npy', '--scores logit'],
  ['classify', 'names.csv', '--label-type index --csv-safe'],
];

const emitted = (wanted: readonly Wanted[]) =>
  wanted.flatMap(([command, output, flags]) => ['--emit', [`${command}=${output}`, flags].join(' ').trim()]);

describe('halonet run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-run-'));
    await mkdir(join(folder, 'photos'));
    for (const name of ['a', 'b', 'd', 'e']) await draw(name);
    await writeFile(photo('c'), 'no image');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const photo = (name: string) => join(folder, 'photos', `${name}.png`);
  const draw = async (name: string, background = `#${name.repeat(6)}`) => {
    await sharp({ create: { width: 40, height: 30, channels: 3, background } }).toFile(photo(name));
  };
  const here = (args: readonly string[], cwd = folder): Promise<CliResult> => halonet(args, { cwd });
  const run = (wanted: readonly Wanted[], ...more: readonly string[]) =>
    here(['run', 'photos', ...DEMO, ...emitted(wanted), ...more]);

  /** Asserts that outputs equal those of the three commands, file by file. */
  async function assertAsAlone(
    wanted: readonly Wanted[],
    inputs: readonly string[] = ['photos'],
    flags: readonly string[] = [],
  ): Promise<void> {
    const alone = join(folder, 'alone');
    await rm(alone, { recursive: true, force: true });
    await mkdir(alone);
    for (const [command, output, own = ''] of wanted) {
      const words = own.split(' ').filter((word) => word !== '');
      await here([command, ...inputs, ...DEMO, ...flags, ...words, '--output', join('alone', output)]);
    }
    const expected = Object.entries(await filesIn(alone)).filter(([, content]) => !content.startsWith('a '));
    assert.ok(expected.length >= 2 * wanted.length); // the data and the ledger of each
    for (const [name, content] of expected) assert.equal(await read(name), content, name);
  }

  const read = async (name: string) => (await readFile(join(folder, name))).toString('latin1');

  const leftovers = async () =>
    (await readdir(folder, { recursive: true })).filter((name) => /\.(partial|lock)/.test(name));

  it('writes the bytes that classify, embed and features write, each image decoded once', async () => {
    const { code, stderr } = await run(THREE);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^5 images in .*, 1 failed \(unsupported_format 1\), written to classes\.csv, embeddings\.npy and pyramid\n/,
    );
    assert.match(stderr, /^ {2}embeddings\.npy {2,}embeddings, one row per image$/m);
    assert.match(stderr, /^ {2}pyramid\/stage3\.npy {2,}features of stage 3, one row per image$/m);
    assert.match(stderr, /^ {2}classes\.csv {2,}classes of each image$/m);
    await assertAsAlone(THREE);
    assert.deepEqual(await leftovers(), []);
  });

  for (const precision of ['fp32', 'int8', 'fp16']) {
    it(`writes the same bytes in ${precision}, however often and in whatever form a value is wanted`, async () => {
      assert.equal((await run(MANY, '--precision', precision)).code, 1);
      await assertAsAlone(MANY, ['photos'], ['--precision', precision]);
    });
  }

  it('writes a single output as its command does', async () => {
    assert.equal((await run([EMBEDDINGS])).code, 1);
    await assertAsAlone([EMBEDDINGS]);
    const alone = await here(['embed', 'photos', ...DEMO, '-o', 'embeddings.npy', '--resume']);
    assert.match(alone.stderr, /^nothing left to do: 5 images in embeddings\.npy/);
    await draw('c');
    assert.equal((await here(['retry', 'embeddings.npy'])).code, 0);
  });

  it('resumes after a kill, to the same bytes', async () => {
    const args = ['run', '-', ...DEMO, ...emitted(THREE)];
    const child = startHalonet(args, { cwd: folder });
    const closed = once(child, 'close');
    child.stdout.resume();
    child.stderr.resume();
    const list = ['a', 'none', 'b', 'd', 'e'].map((name) => `photos/${name}.png\n`);
    child.stdin.write(list.slice(0, 3).join(''));
    const journal = join(folder, 'classes.csv.partial', 'journal.jsonl');
    while ((await readJournal(journal))?.checkpoint.rows !== 3) await sleep(5);
    for (const [command, output] of THREE) {
      const second = await here([command, 'photos', ...DEMO, '-o', output, '--overwrite']);
      assert.equal(second.code, 2);
      assert.match(
        second.stderr,
        new RegExp(`another run \\(process ${child.pid} on .*\\) is writing ${output}`),
      );
    }
    child.kill('SIGKILL');
    await closed;
    const other = await here(['embed', 'photos', ...DEMO, '-o', 'embeddings.npy', '--resume']);
    assert.equal(other.code, 2);
    assert.equal(
      other.stderr,
      'error: embeddings.npy belongs to an interrupted run to classes.csv, embeddings.npy and pyramid\n' +
        '  Repeat the command of that run with --resume to continue it, or pass --overwrite to discard it.\n',
    );
    const resumed = await halonet([...args, '--resume'], { cwd: folder, stdin: list.join('') });
    assert.match(
      resumed.stderr,
      /^classes\.csv, embeddings\.npy and pyramid: continuing after 3 rows\n2 images in .*, 5 rows in all, 1 failed/,
    );
    const paths = join(folder, 'list.txt');
    await writeFile(paths, list.join(''));
    await assertAsAlone(THREE, ['--from', 'list.txt']);
    assert.deepEqual(await leftovers(), []);
  });

  it('syncs all outputs after images were added, changed and removed', async () => {
    await run(THREE);
    assert.match(
      (await run(THREE, '--resume')).stderr,
      /^nothing left to do: 5 images in classes\.csv, embed/,
    );
    await draw('f');
    await draw('b', '#123456');
    await rm(photo('d'));
    const refused = await run(THREE, '--resume');
    assert.match(refused.stderr, /the inputs of classes\.csv, .* have changed: 1 new, 1 changed, 1 gone/);
    const { code, stderr } = await run(THREE, '--sync');
    assert.equal(code, 1);
    assert.match(stderr, /: 1 new, 1 changed, 1 gone\n2 images in /);
    await assertAsAlone(THREE);
  });

  it('retries the failed images of all outputs, from any of them and from any folder', async () => {
    await writeFile(join(folder, 'names.txt'), Array.from({ length: 16 }, (_, i) => `class ${i}\n`).join(''));
    const named: Wanted = ['classify', 'classes.csv', '--labels names.txt'];
    await run([named, EMBEDDINGS, PYRAMID]);
    await draw('c');
    const retried = await halonet(['retry', join(folder, 'pyramid')], {
      cwd: join(folder, 'photos'),
    });
    assert.equal(retried.code, 0, retried.stderr);
    assert.match(
      retried.stderr,
      /^retried 1 image in .*, 1 succeeded, 5 rows in all, written to .*classes\.csv, .*npy and .*pyramid\n/,
    );
    await assertAsAlone([named, EMBEDDINGS, PYRAMID]);
    const again = await here(['retry', 'embeddings.npy']);
    assert.match(
      again.stderr,
      /^no failed rows to retry: all 5 images of classes\.csv, embeddings\.npy and pyramid/,
    );
    const manifest = JSON.parse(await read('pyramid.run.json'));
    assert.deepEqual(manifest.command.slice(0, 2), ['run', 'photos']);
    assert.deepEqual(
      manifest.set,
      [named, EMBEDDINGS, PYRAMID].map(([command, path]) => ({ command, path })),
    );
  });

  it('verifies all outputs from any of them', async () => {
    await run(THREE);
    const intact = await here(['verify', 'embeddings.npy']);
    assert.equal(intact.code, 0);
    const files = [
      'classes.csv',
      'classes.csv.run.rows',
      'embeddings.index.csv',
      'embeddings.npy',
      'embeddings.npy.run.rows',
    ];
    const maps = ['pyramid/stage3.npy', 'pyramid/stage4.npy', 'pyramid/index.csv', 'pyramid.run.rows'];
    assert.equal(intact.stdout, [...files, ...maps].map((name) => `intact   ${name}\n`).join(''));
    await writeFile(join(folder, 'pyramid', 'stage3.npy'), 'altered');
    await rm(join(folder, 'classes.csv.run.json'));
    const altered = await here(['verify', 'embeddings.npy']);
    assert.equal(altered.code, 1);
    assert.match(altered.stdout, /^missing {2}classes\.csv\.run\.json\nintact {3}embeddings/);
    assert.match(altered.stdout, /^altered {2}pyramid\/stage3\.npy$/m);
    assert.match(altered.stderr, /^2 files are altered or missing/);
  });

  it('plans all outputs in a dry run', async () => {
    const planned = await run(THREE, '--dry-run');
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stdout, /^outputs {2}classes\.csv, embeddings\.npy and pyramid: new$/m);
    assert.equal(planned.stdout.match(/^disk /gm)?.length, 1);
    assert.match(planned.stdout, /^embeddings\.npy +2,048 +10,368$/m);
    assert.match(planned.stdout, /^pyramid\/stage4\.npy +32,768 +163,968$/m);
    assert.match(planned.stdout, /^classes\.csv\.run\.rows +40 +200$/m);
    assert.deepEqual(await readdir(folder), ['photos']);
    await run(THREE);
    await draw('f');
    const synced = await run(THREE, '--sync', '--dry-run');
    assert.match(
      synced.stdout,
      /^outputs {2}classes\.csv, embeddings\.npy and\s+pyramid: 1 new; keeps 5 of 6 rows$/m,
    );
  });

  it('keeps columns in every output, and reads archives', async () => {
    const images = await Promise.all(['a', 'b', 'd'].map((name) => readFile(photo(name))));
    const parts = images.flatMap((content, i) => [
      { name: `${i}.png`, content },
      { name: `${i}.cls`, content: String(i) },
    ]);
    await writeFile(join(folder, 'a.tar'), tarOf(...parts));
    const flags = ['--keep-columns', 'cls'];
    const { code, stderr } = await here(['run', 'a.tar', ...DEMO, ...flags, ...emitted(THREE)]);
    assert.equal(code, 0, stderr);
    await assertAsAlone(THREE, ['a.tar'], flags);
    assert.match(await read('embeddings.index.csv'), /^row,path,cls,error\n0,a\.tar\/0\.png,0,\n/);
    await writeFile(join(folder, 'a.tar'), tarOf(...parts.slice(2), { name: '3.png', content: 'no image' }));
    await here(['run', 'a.tar', ...DEMO, ...flags, ...emitted(THREE), '--sync']);
    await assertAsAlone(THREE, ['a.tar'], flags);
    await writeFile(
      join(folder, 'a.tar'),
      tarOf(...parts.slice(2), { name: '3.png', content: images[0] ?? '' }),
    );
    assert.equal((await here(['retry', 'classes.csv'])).code, 0);
  });

  it('names the output and the flag that differ from those of the run', async () => {
    await run(THREE);
    const refused = await run([CLASSES, ['embed', 'embeddings.npy', '--dtype float16'], PYRAMID], '--sync');
    assert.equal(refused.code, 2);
    assert.equal(
      refused.stderr,
      'error: classes.csv, embeddings.npy and pyramid were started with other settings: --dtype was float32, now float16 (embeddings.npy)\n' +
        '  Repeat the original command unchanged, or pass --overwrite to start over.\n',
    );
    const other = await run(
      [CLASSES, ['embed', 'embeddings.npy'], ['features', 'pyramid', '--stages 2,4']],
      '--resume',
    );
    assert.match(other.stderr, /other settings: --stages was 3,4, now 2,4 \(pyramid\)\n/);
    const model = await run(THREE, '--resume', '--image-size', '192');
    assert.match(
      model.stderr,
      /other settings: the image size was 128x128, now 192x192 \(--image-size or --model\)\n/,
    );
    const single = await here(['features', 'photos', ...DEMO, '--stages', '3,4', '-o', 'pyramid', '--sync']);
    assert.match(
      single.stderr,
      /^error: pyramid was written by a run to classes\.csv, embeddings\.npy and pyramid\n {2}Repeat the command of that run with --sync, /,
    );
    const fewer = await run([CLASSES, EMBEDDINGS], '--sync');
    assert.match(
      fewer.stderr,
      /^error: classes\.csv was written by a run to classes\.csv, embeddings\.npy and pyramid, in this order\n/,
    );
  });

  it('takes only files, each with a name of its own', async () => {
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [['--emit', 'embed=-'], /expected a path after embed=; rows of halonet run cannot be printed/],
      [['--emit', 'embed=/dev/null'], /\/dev\/null is not a regular file/],
      [['--emit', 'embed=a.csv', '--emit', 'classify=/dev/null'], /cannot be one of several outputs/],
      [
        ['--emit', 'embed=a.csv', '--emit', 'classify=./a.csv'],
        /^error: two outputs have the name \.\/a\.csv\n/,
      ],
      [
        ['--emit', 'embed=a.csv', '--emit', 'features=b.csv'],
        /^error: --emit: features=b\.csv: CSV holds one vector per image/,
      ],
      [['--emit', 'embed=a.csv', 'classify=b.csv'], /^error: classify=b\.csv stands without --emit\n/],
      [
        ['--output', 'a.csv', '--emit', 'embed=b.csv'],
        /there is no flag --output\n.* Flags of a single output belong in its --emit: /,
      ],
      [[], /^error: --emit is missing: an output of classify, embed or features/],
    ];
    for (const [flags, message] of refusals) {
      const { code, stderr } = await here(['run', 'photos', ...DEMO, ...flags]);
      assert.equal(code, 2, flags.join(' '));
      assert.match(stderr, message);
    }
    assert.deepEqual(await readdir(folder), ['photos']);
  });

  it('computes a value once, however many outputs hold it', async () => {
    const twice = [EMBEDDINGS, ['embed', 'again.csv']] as const;
    await here(['run', 'photos', ...DEMO, ...emitted(twice)]);
    await here(['embed', 'photos', ...DEMO, '-o', 'alone.npy']);
    const graphOf = async (name: string) => JSON.parse(await read(`${name}.run.json`)).fingerprint.model;
    assert.equal(await graphOf('embeddings.npy'), await graphOf('alone.npy'));
  });
});
