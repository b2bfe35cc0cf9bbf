import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type CliResult, halonet, ROOT } from '../support/cli.js';
import { DEMO_MODEL } from '../support/demo.js';
import { copyDemo, isCalibration } from '../support/demo-copy.js';
import { readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';
import { sampleImages } from '../support/samples.js';

const json = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The path and best class of each image that `classify --format jsonl` prints. */
const classes = ({ stdout }: CliResult) =>
  json(stdout).map(({ path, predictions }) => [path, predictions[0].label] as const);

const CPU = ['--device', 'cpu'];
// One image at a time: batches of another size may change the last digits on some CPUs.
const CLASSIFY = ['classify', '-f', 'jsonl', '-k', '1', '-b', '1', ...CPU];

describe('--precision', () => {
  let root: string;
  const samples = sampleImages();
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-precision-'));
  });
  after(() => rm(root, { recursive: true }));
  const place = (name: string) => join(root, name);
  const star = () => join(samples.shapes, 'star.webp');
  async function unmeasured(name: string): Promise<string> {
    await copyDemo(place(name), { measured: false });
    return place(name);
  }
  const kept = async (folder: string) => (await readdir(folder)).filter(isCalibration);
  const embeddings = async (name: string, ...args: string[]) => {
    const output = place(name);
    const { code, stderr } = await halonet([
      'embed',
      samples.all,
      '-m',
      'demo',
      '-o',
      output,
      ...CPU,
      ...args,
    ]);
    assert.equal(code, 0, stderr);
    return (await readFloats(output)).data;
  };
  const demoFile = async (precision: 'fp32' | 'fp16') => {
    const path = place(`demo-${precision}.onnx`);
    const { code } = await halonet(['convert', 'demo', '-o', path, '--overwrite', '--precision', precision]);
    assert.equal(code, 0);
    return path;
  };

  describe('int8', () => {
    it('runs the demo model with its stored calibration, says so, and writes nothing', async () => {
      const before = await readdir(DEMO_MODEL);
      const result = await halonet([...CLASSIFY, samples.all, '-m', 'demo', '--precision', 'int8']);
      assert.equal(result.code, 0);
      const file = before.find(isCalibration) ?? '';
      const { sameTop1, images, similarity } = JSON.parse(await readFile(join(DEMO_MODEL, file), 'utf8'));
      assert.equal(images, 64);
      const agreement = `same top class as fp32 on ${sameTop1} of 64 calibration images (cosine similarity ${similarity.toFixed(4)})`;
      const [said, summary = ''] = result.stderr.split('\n');
      assert.equal(said, `int8: ${agreement}; calibration from ${join(ROOT, DEMO_MODEL, file)}`);
      assert.match(summary, /^16 images/);
      const rows = classes(result);
      assert.equal(rows.length, 16);
      for (const [path, label] of rows) assert.equal(basename(path).split('.')[0], label);
      assert.deepEqual(await readdir(DEMO_MODEL), before);
    });

    it('measures a model on the first inputs of a list, and still writes a row for each', async () => {
      const model = await unmeasured('listed');
      const paths = classes(await halonet([...CLASSIFY, samples.all, '-m', 'demo'])).map(([path]) => path);
      const list = { stdin: ['no-such.png', ...paths, ...paths].join('\n') };
      const args = [...CLASSIFY, '-', '-m', model, '--precision', 'int8'];
      const first = await halonet(args, list);
      assert.equal(first.code, 1); // one path leads nowhere
      assert.match(
        first.stderr,
        /^int8: reading paths .*--calibration FOLDER.*\nint8: .* on \d+ of 32 calibration images .*; calibration saved to \S+\.json\n33 images/,
      );
      const [missing, ...rows] = json(first.stdout);
      assert.equal(missing.error.code, 'not_found');
      assert.deepEqual(
        rows.map(({ path }) => path),
        [...paths, ...paths],
      );
      assert.equal((await kept(model)).length, 1);
      const second = await halonet(args, list);
      assert.match(second.stderr, /; calibration from /);
      assert.equal(second.stdout, first.stdout);
    });

    it('measures nothing in a folder without images', async () => {
      const model = await unmeasured('nothing');
      const { code, stderr } = await halonet([
        ...CLASSIFY,
        model,
        '--allow-empty',
        '-m',
        model,
        '--precision',
        'int8',
      ]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^no images\nskipped /);
      assert.deepEqual(await kept(model), []);
    });

    it('embeds close to single precision, but not identically', async () => {
      const [floats, integers] = [
        await embeddings('f.npy'),
        await embeddings('i.npy', '--precision', 'int8'),
      ];
      const error = relativeError(integers, floats);
      assert.ok(error > 1e-3 && error < 0.1, `${error}`);
    });

    it('writes stages 1 and 2 close to single precision', async () => {
      const pooled = async (...args: string[]) => {
        const flags = ['-f', 'csv', '--pool', 'avg', '--stages', '1,2', '-m', 'demo', ...CPU, ...args];
        const { code, stdout } = await halonet(['features', samples.all, ...flags]);
        assert.equal(code, 0);
        return stdout.split(/[\n,]/).map(Number).filter(Number.isFinite);
      };
      const error = relativeError(await pooled('--precision', 'int8'), await pooled());
      assert.ok(error > 1e-4 && error < 0.1, `${error}`);
    });

    it('measures on the images of --calibration whenever it is given', async () => {
      const model = await unmeasured('calibrated');
      const args = [...CLASSIFY, star(), '-m', model, '--precision', 'int8'];
      for (const [folder, images] of [
        [samples.shapes, 11],
        [samples.all, 16],
      ] as const) {
        const result = await halonet([...args, '--calibration', folder]);
        assert.equal(result.code, 0);
        assert.ok(result.stderr.includes(` of ${images} calibration images`), result.stderr);
        assert.match(result.stderr, /; calibration saved to /);
        assert.equal(classes(result).length, 1);
      }
      assert.equal((await kept(model)).length, 1);
      assert.match((await halonet(args)).stderr, /of 16 calibration images .*; calibration from /);
    });

    it('does not replace the calibration that the demo model ships with', async () => {
      const [file = ''] = await kept(join(ROOT, DEMO_MODEL));
      const shipped = await readFile(join(ROOT, DEMO_MODEL, file));
      const args = [...CLASSIFY, star(), '-m', 'demo', '--precision', 'int8'];
      const { code, stderr } = await halonet([...args, '--calibration', samples.shapes]);
      assert.equal(code, 0);
      assert.match(stderr, / of 11 calibration images .*; calibration not saved: the demo model keeps /);
      assert.deepEqual(await kept(join(ROOT, DEMO_MODEL)), [file]);
      assert.deepEqual(await readFile(join(ROOT, DEMO_MODEL, file)), shipped);
    });

    it('measures on few images if there are no more, and warns each time', async () => {
      const model = await unmeasured('few');
      const few = (count: string) =>
        `calibrated on ${count} only, too few to rely on: --calibration FOLDER uses more`;
      const run = (...args: string[]) => halonet([...CLASSIFY, '-m', model, '--precision', 'int8', ...args]);
      const one = await run(star());
      assert.equal(one.code, 0);
      assert.match(
        one.stderr,
        /^int8: same top class as fp32 on [01] of 1 calibration image \(cosine similarity [\d.]+\); calibration saved to \S+\n/,
      );
      assert.ok(one.stderr.split('\n')[1]?.endsWith(few('1 image')), one.stderr);
      assert.deepEqual(classes(one), [[star(), 'star']]);
      const again = await run(star());
      assert.match(again.stderr, /; calibration from /);
      assert.ok(again.stderr.includes(few('1 image')), again.stderr);
      const five = await run(star(), '--calibration', `${samples.all}/textures`);
      assert.match(five.stderr, / of 5 calibration images /);
      assert.ok(five.stderr.includes(few('5 images')), five.stderr);
      const more = await run(star(), '--calibration', samples.shapes);
      assert.doesNotMatch(more.stderr, /too few/);
    });

    it('prints nothing with --quiet', async () => {
      const model = await unmeasured('quiet');
      const { stderr } = await halonet([
        ...CLASSIFY,
        samples.all,
        '-m',
        model,
        '--precision',
        'int8',
        '--quiet',
      ]);
      assert.equal(stderr, '');
      assert.equal((await kept(model)).length, 1);
    });

    it('accepts a converted file in single precision, and keeps its calibration beside it', async () => {
      const path = await demoFile('fp32');
      const args = [...CLASSIFY, samples.all, '-m', path, '--precision', 'int8'];
      const result = await halonet(args);
      assert.equal(result.code, 0);
      const measured =
        /on (\d+) of 16 calibration images .*; calibration saved to \S+demo-fp32\.onnx\.int8-\w+\.json/;
      assert.ok(Number(measured.exec(result.stderr)?.[1]) >= 14, result.stderr);
      assert.deepEqual(classes(result), classes(await halonet([...CLASSIFY, samples.all, '-m', path])));
      assert.match((await halonet(args)).stderr, /; calibration from/);
    });
  });

  it('fp16 classifies like single precision, and embeds close to it', async () => {
    const args = [...CLASSIFY, samples.all, '-m', 'demo'];
    assert.deepEqual(classes(await halonet([...args, '--precision', 'fp16'])), classes(await halonet(args)));
    const floats = await embeddings('single.npy');
    const error = relativeError(await embeddings('half.npy', '--precision', 'fp16'), floats);
    assert.ok(error > 1e-6 && error < 1e-2, `${error}`);
    const both = await embeddings('halves.npy', '--precision', 'fp16', '--dtype', 'float16');
    assert.ok((await readFile(place('halves.npy'))).includes("'<f2'"));
    assert.ok(relativeError(both, floats) < 1e-2);
  });

  const refusals: readonly (readonly [string, () => Promise<readonly string[]>, RegExp])[] = [
    [
      'int8 of a file in half precision',
      async () => ['-m', await demoFile('fp16'), '--precision', 'int8'],
      /half precision already.*\n.*Use the checkpoint .*, or .*--precision fp32/,
    ],
    [
      'single precision of a file in half precision',
      async () => ['-m', await demoFile('fp16'), '--precision', 'fp32'],
      /half precision already.*\n.*--precision fp16/,
    ],
    [
      '--calibration without int8',
      async () => ['-m', 'demo', '--calibration', samples.all],
      /--calibration only applies to --precision int8\n.*Add --precision int8, or leave out --calibration\./,
    ],
    [
      '--calibration with another precision',
      async () => ['-m', 'demo', '--precision', 'fp32', '--calibration', samples.all],
      /--calibration only applies to --precision int8\n.*Add --precision int8, or leave out --calibration\./,
    ],
    [
      'a folder that is not there',
      async () => ['-m', await unmeasured('none'), '--precision', 'int8', '--calibration', '/no/such/folder'],
      /^error: --calibration: no file or folder "\/no\/such\/folder"\n {2}There is no folder "\/no\/such" either\.\n$/,
    ],
    [
      'a list as the images to measure on',
      async () => ['-m', await unmeasured('dash'), '--precision', 'int8', '--calibration', '-'],
      /none of 1 could be read \(-: no standard input\)\n.*--calibration FOLDER/,
    ],
  ];
  for (const [what, args, message] of refusals) {
    it(`refuses ${what}, and writes no row`, async () => {
      const { code, stdout, stderr } = await halonet([...CLASSIFY, samples.shapes, ...(await args())]);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    });
  }

  it('changes nothing if the model already has this precision', async () => {
    const path = await demoFile('fp16');
    const args = [...CLASSIFY, samples.shapes, '-m', path];
    assert.equal((await halonet([...args, '--precision', 'fp16'])).stdout, (await halonet(args)).stdout);
    const own = [...CLASSIFY, samples.shapes, '-m', 'demo'];
    assert.equal((await halonet([...own, '--precision', 'fp32'])).stdout, (await halonet(own)).stdout);
  });
});
