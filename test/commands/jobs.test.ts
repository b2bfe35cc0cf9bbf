import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { halonet, ROOT, startHalonet } from '../support/cli.js';
import { readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1'];
const PHOTO = 'fixtures/preprocess/chelsea.jpg';

/** Fills a folder with three good images and two bad ones. */
async function fillPhotos(folder: string): Promise<void> {
  await mkdir(join(folder, 'nested'), { recursive: true });
  const square = (background: string, width: number) =>
    sharp({ create: { width, height: 150, channels: 3, background } });
  await square('#c03020', 200).png().toFile(join(folder, 'a.png'));
  await writeFile(join(folder, 'b.jpg'), 'this is no image');
  await square('#3040c0', 128).jpeg().toFile(join(folder, 'c, "d".jpg'));
  await writeFile(join(folder, 'nested', 'e.png'), '');
  await square('#20a040', 300)
    .webp()
    .toFile(join(folder, 'nested', 'f.webp'));
  await writeFile(join(folder, 'notes.txt'), 'not an image, and not named as one');
}

const PATHS = ['a.png', 'b.jpg', 'c, "d".jpg', 'nested/e.png', 'nested/f.webp'];
const lines = (text: string) => text.trimEnd().split('\n');
const json = (text: string) => lines(text).map((line) => JSON.parse(line));

describe('the job commands', () => {
  let folder: string;
  let photos: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-cli-'));
    photos = join(folder, 'photos');
    await fillPhotos(photos);
  });
  after(() => rm(folder, { recursive: true }));
  const paths = () => PATHS.map((path) => join(photos, path));
  const place = (name: string) => join(folder, name);

  describe('classify', () => {
    it('writes one CSV row per input to standard output, in order, failures included', async () => {
      const { code, stdout, stderr } = await halonet(['classify', photos, ...DEMO, '--top-k', '2']);
      assert.equal(code, 1);
      const [header, ...rows] = lines(stdout);
      assert.equal(header, 'path,index_1,label_1,score_1,index_2,label_2,score_2,error');
      assert.equal(rows.length, 5);
      assert.match(rows[0] ?? '', /a\.png,\d+,[a-z]+,[\d.e-]+,\d+,[a-z]+,[\d.e-]+,$/);
      assert.match(rows[1] ?? '', /b\.jpg,,,,,,,"?unsupported_format: /);
      assert.match(rows[2] ?? '', /c, ""d""\.jpg",\d+,/);
      assert.match(rows[3] ?? '', /e\.png,,,,,,,empty_file: /);
      assert.match(rows[4] ?? '', /f\.webp,\d+,/);
      assert.match(
        stderr,
        /^5 images in .* 2 failed \(unsupported_format 1, empty_file 1\)\nskipped 1 file without a supported image extension: 1 \.txt\n$/,
      );
    });

    it('writes JSON lines with labels of the requested type', async () => {
      const args = [
        'classify',
        photos,
        ...DEMO,
        '-f',
        'jsonl',
        '-k',
        '1',
        '--label-type',
        'index',
        '--quiet',
      ];
      const { stdout, stderr } = await halonet(args);
      const rows = json(stdout);
      assert.deepEqual(
        rows.map(({ path }) => path),
        paths(),
      );
      const [prediction] = rows[0].predictions;
      assert.equal(prediction.label, String(prediction.index));
      assert.ok(prediction.score > 0 && prediction.score <= 1);
      assert.deepEqual(Object.keys(rows[1]), ['path', 'error']);
      assert.equal(rows[1].error.code, 'unsupported_format');
      assert.equal(stderr, '');
    });

    it('writes all scores as an array with an index beside it', async () => {
      const output = place('scores.npy');
      const { code } = await halonet(['classify', photos, ...DEMO, '-o', output]);
      assert.equal(code, 1);
      const { shape, data } = await readFloats(output);
      assert.deepEqual(shape, [5, 16]);
      const sums = [0, 1, 2, 3, 4].map((row) =>
        data.subarray(row * 16, (row + 1) * 16).reduce((a, b) => a + b, 0),
      );
      for (const row of [0, 2, 4]) assert.ok(Math.abs((sums[row] ?? 0) - 1) < 1e-5);
      for (const row of [1, 3]) assert.ok(data.subarray(row * 16, (row + 1) * 16).every(Number.isNaN));
      const index = lines(await readFile(place('scores.index.csv'), 'utf8'));
      assert.equal(index[0], 'row,path,error');
      assert.match(index[2] ?? '', /^1,.*b\.jpg,"?unsupported_format: /);
    });

    it('writes logits whose softmax gives the probabilities', async () => {
      const of = async (scores: string) => {
        const { stdout } = await halonet([
          'classify',
          paths()[0] ?? '',
          ...DEMO,
          '-k',
          '16',
          '-f',
          'jsonl',
          '--scores',
          scores,
        ]);
        return json(stdout)[0].predictions.map(({ score }: { score: number }) => score) as number[];
      };
      const exps = (await of('logit')).map(Math.exp);
      const sum = exps.reduce((a, b) => a + b);
      assert.ok(
        relativeError(
          await of('prob'),
          exps.map((e) => e / sum),
        ) < 1e-5,
      );
    });

    it('reads class names from a file', async () => {
      const names = place('names.txt');
      await writeFile(names, Array.from({ length: 16 }, (_, i) => `class ${i}`).join('\n'));
      const { stdout } = await halonet(['classify', paths()[0] ?? '', ...DEMO, '-k', '1', '--labels', names]);
      assert.match(stdout, /,(\d+),class \1,/);
    });
  });

  describe('embed', () => {
    it('writes the same embeddings in every format', async () => {
      const [npy, csv, jsonl] = [place('e.npy'), place('e.csv'), place('e.jsonl')];
      for (const output of [npy, csv, jsonl]) {
        assert.equal((await halonet(['embed', photos, ...DEMO, '-b', '1', '-o', output])).code, 1);
      }
      const { shape, data } = await readFloats(npy);
      assert.deepEqual(shape, [5, 512]);
      const csvLines = lines(await readFile(csv, 'utf8'));
      assert.match(csvLines[0] ?? '', /^path,e0,e1,.*,e511,error$/);
      const rows = json(await readFile(jsonl, 'utf8'));
      for (const row of [0, 2, 4]) {
        const values = data.subarray(row * 512, (row + 1) * 512);
        assert.deepEqual(Float32Array.from(rows[row].embedding), values);
        const cells = (csvLines[row + 1] ?? '').split(',').slice(-513, -1).map(Number);
        assert.deepEqual(Float32Array.from(cells), values);
      }
      assert.equal(rows[3].error.code, 'empty_file');
    });

    it('normalises embeddings and writes them as float16', async () => {
      const output = place('half.npy');
      await halonet(['embed', photos, ...DEMO, '--normalize', '--dtype', 'float16', '-o', output]);
      const { shape, data } = await readFloats(output);
      assert.deepEqual(shape, [5, 512]);
      assert.ok((await readFile(output)).includes("'<f2'"));
      for (const row of [0, 2, 4]) {
        assert.ok(Math.abs(Math.hypot(...data.subarray(row * 512, (row + 1) * 512)) - 1) < 1e-3);
      }
      assert.ok(data.subarray(512, 1024).every(Number.isNaN));
    });

    it('writes the same embeddings at any batch size', async () => {
      const of = async (batch: string) => {
        const output = place(`batch${batch}.npy`);
        await halonet(['embed', photos, ...DEMO, '-b', batch, '-o', output]);
        return (await readFloats(output)).data.filter((value) => !Number.isNaN(value));
      };
      const one = await of('1');
      assert.equal(one.length, 3 * 512);
      for (const batch of ['2', '3', '7']) assert.ok(relativeError(await of(batch), one) < 1e-5);
    });
  });

  describe('embed --pool', () => {
    const one = () => ['embed', paths()[0] ?? '', ...DEMO];

    it('none writes the map that the embedding is pooled from, as NPY and JSONL', async () => {
      const output = place('maps.npy');
      assert.equal((await halonet([...one(), '--pool', 'none', '-o', output])).code, 0);
      const map = await readFloats(output);
      assert.deepEqual([map.shape, map.dtype], [[1, 512, 4, 4], 'f4']);
      const [row] = json((await halonet([...one(), '--pool', 'none', '-f', 'jsonl'])).stdout);
      const { shape, dtype, data } = row.embedding;
      assert.deepEqual([shape, dtype], [[512, 4, 4], 'float32']);
      const bytes = Buffer.from(data, 'base64');
      assert.deepEqual(new Float32Array(new Uint8Array(bytes).buffer), map.data);
      const [pooled] = json((await halonet([...one(), '-f', 'jsonl'])).stdout);
      const means = pooled.embedding.map((_: number, c: number) => {
        const values = map.data.subarray(c * 16, (c + 1) * 16);
        return values.reduce((a, b) => a + b, 0) / 16;
      });
      assert.ok(relativeError(pooled.embedding, means) < 1e-5);
    });

    it('replaces the pooling of the head, in half precision too', async () => {
      const of = async (...flags: readonly string[]) =>
        json((await halonet([...one(), '-f', 'jsonl', ...flags])).stdout)[0].embedding;
      const [avg, max, both] = [
        await of('--pool', 'avg'),
        await of('--pool', 'max'),
        await of('--pool', 'catavgmax'),
      ];
      assert.deepEqual(avg, await of());
      assert.deepEqual(both, [...avg, ...max]);
      assert.ok(max.every((value: number, i: number) => value >= avg[i]));
      assert.ok(relativeError(await of('--pool', 'max', '--dtype', 'float16'), max) < 1e-3);
    });

    it('none with --normalize gives the channels of each place unit length', async () => {
      const output = place('unit.npy');
      const flags = ['--pool', 'none', '--normalize', '--dtype', 'float16', '-o', output];
      assert.equal((await halonet([...one(), ...flags])).code, 0);
      const { shape, dtype, data } = await readFloats(output);
      assert.deepEqual([shape, dtype], [[1, 512, 4, 4], 'f2']);
      for (let at = 0; at < 16; at++) {
        const channels = Array.from({ length: 512 }, (_, c) => data[c * 16 + at] ?? Number.NaN);
        assert.ok(Math.abs(Math.hypot(...channels) - 1) < 1e-3, `place ${at}`);
      }
    });

    it('is part of the settings of a run, and refuses CSV of maps', async () => {
      const output = place('pooled.npy');
      assert.equal((await halonet([...one(), '-o', output])).code, 0);
      for (const [pool, text] of [
        ['max', /--pool was the model's own, now max/],
        ['none', /--pool was the model's own, now none/],
      ] as const) {
        const { code, stderr } = await halonet([...one(), '-o', output, '--resume', '--pool', pool]);
        assert.equal(code, 2);
        assert.match(stderr, text);
      }
      const csv = await halonet([...one(), '--pool', 'none']);
      assert.equal(csv.code, 2);
      assert.match(
        csv.stderr,
        /CSV holds one vector per image: maps need the format npy or jsonl\n.*or no --pool/,
      );
    });
  });

  describe('features', () => {
    it('pools maps to grids and vectors, and names the pooling that a run had', async () => {
      const output = place('grids');
      const args = ['features', photos, ...DEMO, '--stages', '3,4', '-o', output];
      assert.equal((await halonet([...args, '--pool', 'grid:2', '--dtype', 'float16'])).code, 1);
      const header = (await readFile(join(output, 'stage3.npy'))).toString('latin1', 0, 128);
      assert.match(header, /'<f2'.*\(5, 256, 2, 2\)/);
      const other = await halonet([...args, '--pool', 'gem', '--dtype', 'float16', '--resume']);
      assert.equal(other.code, 2);
      assert.match(other.stderr, /--pool was grid:2, now gem/);
      const refused = await halonet(['features', photos, ...DEMO, '-f', 'csv', '--pool', 'grid:2']);
      assert.match(
        refused.stderr,
        /CSV holds one vector per image.*\n.*--pool avg, --pool max or --pool gem/,
      );
      const unknown = await halonet([...args, '--pool', 'grid:99']);
      assert.match(
        unknown.stderr,
        /--pool: expected none, avg, max, gem or grid:N with N from 1 to 16; received grid:99/,
      );
      assert.equal(unknown.code, 2);
    });

    it('writes each pooling in each format that can hold it', async () => {
      const photo = ['features', paths()[0] ?? '', ...DEMO, '--stages', '4'];
      const valuesOf = async (pool: string) => {
        const output = place(`pooled-${pool.replace(':', '')}`);
        assert.equal((await halonet([...photo, '--pool', pool, '-o', output])).code, 0);
        const array = await readFloats(join(output, 'stage4.npy'));
        const [row] = json((await halonet([...photo, '--pool', pool, '-f', 'jsonl'])).stdout);
        const { shape, data } = row.stages.stage4;
        assert.deepEqual([1, ...shape], array.shape, pool);
        const bytes = new Uint8Array(Buffer.from(data, 'base64'));
        assert.deepEqual(new Float32Array(bytes.buffer), array.data, pool);
        if (shape.length === 1) {
          const [, line = ''] = lines((await halonet([...photo, '--pool', pool, '-f', 'csv'])).stdout);
          const cells = line.split(',').slice(2, -1);
          assert.deepEqual(Float32Array.from(cells, Number), array.data, pool);
        }
        return array.data;
      };
      const map = await valuesOf('none'); // [512, 4, 4]
      const mean = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
      const channels = Array.from({ length: 512 }, (_, c) => map.subarray(c * 16, (c + 1) * 16));
      const cubes = (values: Float32Array) => values.map((x) => Math.max(x, 1e-6) ** 3);
      const quarters = channels.flatMap((channel) =>
        [0, 2, 8, 10].map((at) =>
          mean(Float32Array.from([0, 1, 4, 5], (by) => channel[at + by] ?? Number.NaN)),
        ),
      );
      const expected: Readonly<Record<string, Float32Array>> = {
        avg: Float32Array.from(channels, mean),
        max: Float32Array.from(channels, (values) => Math.max(...values)),
        gem: Float32Array.from(channels, (values) => Math.cbrt(mean(cubes(values)))),
        'grid:2': Float32Array.from(quarters),
        'grid:4': map,
      };
      for (const [pool, values] of Object.entries(expected)) {
        assert.ok(relativeError(await valuesOf(pool), values) < 1e-6, pool);
      }
    });

    it('writes a folder with an array per stage', async () => {
      const output = place('pyramid');
      const { code } = await halonet([
        'features',
        photos,
        ...DEMO,
        '--stages',
        '0,1,2,3,4',
        '-f',
        'npy',
        '-o',
        output,
      ]);
      assert.equal(code, 1);
      assert.deepEqual((await readdir(output)).sort(), [
        'index.csv',
        ...[0, 1, 2, 3, 4].map((i) => `stage${i}.npy`),
      ]);
      const shapes = [];
      for (let i = 0; i < 5; i++) shapes.push((await readFloats(join(output, `stage${i}.npy`))).shape);
      assert.deepEqual(shapes, [
        [5, 32, 64, 64],
        [5, 64, 32, 32],
        [5, 128, 16, 16],
        [5, 256, 8, 8],
        [5, 512, 4, 4],
      ]);
      const { data } = await readFloats(join(output, 'stage4.npy'));
      const size = 512 * 16;
      assert.ok(data.subarray(size, 2 * size).every(Number.isNaN));
      assert.ok(!data.subarray(2 * size, 3 * size).some(Number.isNaN));
    });

    it('writes values as base64 in JSON lines, and their averages as CSV', async () => {
      const args = ['features', paths()[0] ?? '', ...DEMO, '--stages', '4'];
      const [row] = json((await halonet([...args, '-f', 'jsonl'])).stdout);
      const { shape, dtype, data } = row.stages.stage4;
      assert.deepEqual([shape, dtype], [[512, 4, 4], 'float32']);
      const values = new Float32Array(new Uint8Array(Buffer.from(data, 'base64')).buffer);
      const means = Array.from(
        { length: 512 },
        (_, c) => values.subarray(c * 16, (c + 1) * 16).reduce((a, b) => a + b, 0) / 16,
      );
      const csv = lines((await halonet([...args, '-f', 'csv', '--pool', 'avg'])).stdout);
      assert.match(csv[0] ?? '', /^path,stage,f0,.*,f511,error$/);
      assert.ok(relativeError((csv[1] ?? '').split(',').slice(2, -1).map(Number), means) < 1e-5);
    });

    it('refuses unpooled CSV, and stages that the network does not have', async () => {
      const csv = await halonet(['features', photos, ...DEMO, '-f', 'csv']);
      assert.equal(csv.code, 2);
      assert.match(csv.stderr, /npy.*jsonl|jsonl.*npy/i);
      const stage = await halonet(['features', photos, ...DEMO, '--stages', '7']);
      assert.equal(stage.code, 2);
      assert.match(stage.stderr, /no output "stage7".*\n.*stages 0 to 4/);
    });
  });

  it('run with any UV_THREADPOOL_SIZE', async () => {
    for (const size of ['', 'abc', '-1']) {
      const args = ['classify', 'fixtures/images/shapes/arrow.png', '-m', 'demo', '--device', 'cpu'];
      const { code, stderr } = await halonet(args, { env: { UV_THREADPOOL_SIZE: size } });
      assert.equal(code, 0, `${size}: ${stderr}`);
    }
  });

  describe('inputs', () => {
    it('come from a list on standard input, one row per line', async () => {
      const missing = place('missing.jpg');
      const stdin = [paths()[4], missing, paths()[0]].join('\n');
      const { code, stdout } = await halonet(['classify', '-', ...DEMO, '-f', 'jsonl', '-k', '1'], { stdin });
      assert.equal(code, 1);
      const rows = json(stdout);
      assert.deepEqual(
        rows.map(({ path }) => path),
        [paths()[4], missing, paths()[0]],
      );
      assert.equal(rows[1].error.code, 'not_found');
    });

    it('may be several, with duplicates', async () => {
      const [a = '', , , , f = ''] = paths();
      const { code, stdout } = await halonet(['classify', f, a, f, ...DEMO, '-b', '1', '-f', 'jsonl']);
      assert.equal(code, 0);
      const rows = json(stdout);
      assert.deepEqual(
        rows.map(({ path }) => path),
        [f, a, f],
      );
      assert.deepEqual(rows[0].predictions, rows[2].predictions);
    });

    it('may be separated by NULs, as from find -print0', async () => {
      const stdin = `${paths()[0]}\0${paths()[2]}\0`;
      const { code, stdout } = await halonet(['classify', '-', ...DEMO, '-f', 'jsonl'], { stdin });
      assert.equal(code, 0);
      assert.deepEqual(
        json(stdout).map(({ path }) => path),
        [paths()[0], paths()[2]],
      );
    });

    it('may be thousands on the command line', async () => {
      const many = Array.from({ length: 3000 }, () => paths()[3] ?? '');
      const { code, stdout } = await halonet(['classify', ...many, PHOTO, ...DEMO, '-k', '1', '--quiet']);
      assert.equal(code, 1);
      const rows = lines(stdout).slice(1);
      assert.equal(rows.length, 3001);
      assert.match(rows[3000] ?? '', /chelsea\.jpg,\d+,/);
    });

    it('produce rows while the list is still open, whatever the batch size', async () => {
      const child = startHalonet(['classify', '-', ...DEMO, '-b', '64', '-f', 'jsonl', '-k', '1']);
      child.stderr.resume();
      const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
      for (const path of [paths()[0], '/no/such/file.png', paths()[2], paths()[4]]) {
        child.stdin.write(`${path}\n`);
        assert.equal(JSON.parse((await answers.next()).value).path, path);
      }
      child.stdin.end();
      const [code] = await once(child, 'close');
      assert.equal(code, 1);
    });
  });

  describe('preprocessing flags', () => {
    const embedding = async (...flags: string[]) => {
      const { stdout } = await halonet(['embed', PHOTO, ...DEMO, '-f', 'jsonl', '--quiet', ...flags]);
      return json(stdout)[0].embedding as number[];
    };

    describe('match timm with the same settings:', () => {
      // make_variants.py beside them made them.
      const variants: readonly (readonly string[])[] = JSON.parse(
        readFileSync('fixtures/preprocess/variants.json', 'utf8'),
      );
      for (const [row, flags] of variants.entries()) {
        it(flags.length === 0 ? 'none' : flags.join(' '), async () => {
          const { shape, data } = await readFloats('fixtures/preprocess/variants.npy');
          assert.deepEqual(shape, [variants.length, 512]);
          const expected = data.subarray(512 * row, 512 * (row + 1));
          const error = relativeError(await embedding(...flags), expected);
          assert.ok(error <= 1e-4, `${error}`); // any two variants differ by at least 0.03
        });
      }
    });

    it('change nothing when they repeat the settings of the checkpoint', async () => {
      const mean = ['--mean', '0.485,0.456,0.406', '--std', '0.229,0.224,0.225'];
      const crop = [
        '--crop-pct',
        '1',
        '--crop-mode',
        'center',
        '--interpolation',
        'bicubic',
        '--image-size',
        '128',
      ];
      assert.deepEqual(await embedding(...mean, ...crop), await embedding());
    });

    it('make exact, near and fast decoding differ, near and fast only for large photos', async () => {
      const commands = [
        ['classify', '--scores', 'logit'],
        ['embed'],
        ['features', '--stages', '4', '--pool', 'avg'],
      ];
      const inputs = ['fixtures/preprocess/large.jpg', PHOTO];
      for (const command of commands) {
        const rows = async (...flags: string[]) =>
          lines(
            (await halonet([...command, ...inputs, ...DEMO, '-b', '1', '-f', 'csv', '--quiet', ...flags]))
              .stdout,
          );
        const [, largeExact, smallExact] = await rows();
        const [, largeNear, smallNear] = await rows('--decode', 'near');
        const [, largeFast, smallFast] = await rows('--decode', 'fast');
        assert.equal(new Set([largeExact, largeNear, largeFast]).size, 3);
        assert.notEqual(smallNear, smallExact);
        assert.equal(smallFast, smallNear);
      }
    });

    it('rotate photos by their EXIF orientation, unless --no-auto-orient is given', async () => {
      const turned = place('turned.png');
      await sharp(await readFile(PHOTO))
        .withMetadata({ orientation: 3 })
        .png()
        .toFile(turned);
      const of = async (...flags: string[]) =>
        json((await halonet(['embed', turned, ...DEMO, '-f', 'jsonl', ...flags])).stdout)[0]
          .embedding as number[];
      const upright = await embedding();
      assert.ok(relativeError(await of('--no-auto-orient'), upright) < 1e-2);
      assert.ok(relativeError(await of(), upright) > 0.05);
    });
  });

  describe('outputs', () => {
    it('refuse an existing file before any work, and replace it with --overwrite', async () => {
      const output = place('taken.csv');
      await writeFile(output, 'precious');
      const refused = await halonet(['classify', photos, '-m', '/no/such/model.safetensors', '-o', output]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /taken\.csv.*\n.*--overwrite/);
      assert.equal(await readFile(output, 'utf8'), 'precious');
      assert.equal(
        (await halonet(['classify', paths()[0] ?? '', ...DEMO, '-o', output, '--overwrite'])).code,
        0,
      );
      assert.match(await readFile(output, 'utf8'), /^path,index_1/);
    });

    // Linux has a device that is always full.
    if (existsSync('/dev/full')) {
      it('end the run with a reason when standard output is a full disk', async () => {
        const { code, stderr } = await halonet(['classify', PHOTO, ...DEMO], {
          shell: 'exec "$@" > /dev/full',
        });
        assert.equal(code, 2);
        assert.match(stderr, /^error: .*standard output: no space left on device/);
        assert.doesNotMatch(stderr, /\n\s+at /);
      });
    }

    it('leave no other files in the home or temporary folder', async () => {
      const home = place('home');
      await mkdir(home);
      await halonet(['classify', PHOTO, ...DEMO], { env: { HOME: home, XDG_CACHE_HOME: '', TMPDIR: home } });
      assert.deepEqual(await readdir(home), []);
    });

    it('leave nothing behind when the run fails', async () => {
      const empty = place('empty');
      await mkdir(empty);
      const broken = place('broken');
      await mkdir(broken);
      await copyFile(join(ROOT, 'assets/demo-model/config.json'), join(broken, 'config.json'));
      await writeFile(join(broken, 'model.safetensors'), 'too short');
      const { code, stderr } = await halonet(['embed', photos, '-m', broken, '-o', join(empty, 'x.npy')]);
      assert.equal(code, 2);
      assert.match(stderr, /broken\/model\.safetensors is not a checkpoint \(/);
      assert.deepEqual(await readdir(empty), []);
    });
  });
});
