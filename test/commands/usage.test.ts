import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet, startHalonet } from '../support/cli.js';

const IMAGES = 'fixtures/images';

describe('the command line', () => {
  it('lists its commands', async () => {
    const { code, stdout } = await halonet(['--help']);
    assert.equal(code, 0);
    for (const command of ['classify', 'embed', 'features', 'inspect', 'models', 'doctor'])
      assert.match(stdout, new RegExp(`\\b${command}\\b`));
  });

  it('accepts the usual short flags for help and version', async () => {
    for (const args of [['-h'], ['classify', '-h'], ['help', 'classify'], ['help']]) {
      const { code, stdout } = await halonet(args);
      assert.equal(code, 0);
      assert.match(stdout, /USAGE/);
    }
    for (const flag of ['-v', '-V', '--version']) {
      assert.match((await halonet([flag])).stdout, /^halonet\/\d+\.\d+\.\d+ /);
    }
  });

  const usageErrors: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'no input',
      ['classify'],
      /^error: INPUT is missing: image files, folders, archives, patterns, - or --from FILE\n {2}See halonet classify --help\. For example: halonet classify photos --output classes\.csv\n$/,
    ],
    [
      'an argument too many, of a command that takes none',
      ['doctor', 'extra'],
      /^error: unexpected argument: extra\n {2}See halonet doctor --help\.\n$/,
    ],
    [
      'arguments too many',
      ['verify', 'x.npy', 'y.npy', 'z.npy'],
      /^error: unexpected arguments: y\.npy, z\.npy\n {2}See halonet verify --help\.\n$/,
    ],
    [
      'an unknown choice',
      ['embed', IMAGES, '--format', 'gif'],
      /^error: --format: expected csv, jsonl, npy or parquet; received gif\n {2}See halonet embed --help\.\n$/,
    ],
    [
      'no choice',
      ['classify', IMAGES, '--scores', '--quiet'],
      /^error: --scores needs a value: prob or logit\n {2}See halonet classify --help\.\n$/,
    ],
    [
      'a flag without its value',
      ['classify', IMAGES, '--model'],
      /^error: --model needs a value\n {2}See halonet classify --help\.\n$/,
    ],
    [
      'a flag given twice',
      ['embed', IMAGES, '-o', 'a.npy', '--output', 'b.npy'],
      /^error: --output is given more than once\n {2}See halonet embed --help\.\n$/,
    ],
    [
      'an unknown flag',
      ['classify', IMAGES, '--xyzzy'],
      /^error: there is no flag --xyzzy\n {2}See .* --help\.\n$/,
    ],
    [
      'a slip in a flag',
      ['classify', IMAGES, '--modle', 'demo'],
      /^error: there is no flag --modle; did you mean --model\?\n {2}See halonet classify --help\.\n$/,
    ],
    [
      'slips in two flags',
      ['embed', IMAGES, '--otput=x.npy', '--no-auto-oreint'],
      /^error: there is no flag --otput and no flag --no-auto-oreint; did you mean --output and --no-auto-orient\?\n/,
    ],
    [
      'a flag that is cut short',
      ['embed', IMAGES, '--out', 'x.npy'],
      /no flag --out; did you mean --output\?/,
    ],
    ['a flag of one letter', ['doctor', '-x'], /^error: there is no flag -x\n/],
    [
      'a slip in a command',
      ['classfy', IMAGES],
      /^error: there is no command "classfy"; did you mean classify\?\n {2}Commands: classify, embed, .*\n$/,
    ],
    [
      'an unknown command',
      ['photos'],
      /^error: there is no command "photos"\n {2}Commands: .* halonet classify FOLDER\n$/,
    ],
    ['help on an unknown command', ['help', 'classfy'], /^error: .*classfy/],
    [
      'a top-k of 0',
      ['classify', IMAGES, '-m', 'demo', '-k', '0'],
      /^error: --top-k: expected a whole number, at least 1; received 0\n/,
    ],
    [
      'a batch size of 0',
      ['embed', IMAGES, '-m', 'demo', '-b', '0'],
      /--batch-size: expected .*; received 0\n/,
    ],
    [
      'threads in words',
      ['embed', IMAGES, '-m', 'demo', '--threads', 'two'],
      /--threads: expected a whole number from 1 to 512; received two\n/,
    ],
    [
      'an image size in words',
      ['embed', IMAGES, '-m', 'demo', '--image-size', 'large'],
      /expected a size in pixels, up to 16384 a side, such as 256/,
    ],
    ['a mean of two numbers', ['embed', IMAGES, '-m', 'demo', '--mean', '0.5,0.5'], /three numbers/],
    [
      'a deviation of 0',
      ['embed', IMAGES, '-m', 'demo', '--std', '0,1,1'],
      /--std: expected numbers above 0/,
    ],
    [
      'a batch of millions',
      ['embed', IMAGES, '-m', 'demo', '-b', '1000000000'],
      /--batch-size: expected a whole number from 1 to 4096; received 1000000000\n/,
    ],
    ['a crop above 1', ['embed', IMAGES, '-m', 'demo', '--crop-pct', '1.5'], /from 0\.01 to 1/],
    ['a stage named twice', ['features', IMAGES, '-m', 'demo', '--stages', '1,1'], /distinct stage numbers/],
    ['an unknown format', ['embed', IMAGES, '-m', 'demo', '-o', '/tmp/x.arrow'], /\.csv, \.npy, \.jsonl/],
    [
      'a folder of features that would be named as a file',
      ['features', IMAGES, '-m', './no/model', '-o', '/tmp/x.npy'],
      /^error: \/tmp\/x\.npy is the name of a file, but features are written as NPY to a folder, one file per stage\n {2}Name the folder: --output \/tmp\/x\n$/,
    ],
    [
      'a compressed array',
      ['classify', IMAGES, '-m', './no/model', '-o', '/tmp/x.npy.gz'],
      /^error: \/tmp\/x\.npy\.gz names a compressed file, and NPY is not written compressed\n {2}Name it \/tmp\/x\.csv\.gz or \/tmp\/x\.jsonl\.gz for compressed text, or write \/tmp\/x\.npy, and compress it when it is done: gzip \/tmp\/x\.npy\n$/,
    ],
    [
      'an extension of another format than --format',
      ['embed', IMAGES, '-m', './no/model', '-o', '/tmp/x.csv', '-f', 'npy'],
      /^error: the extension of \/tmp\/x\.csv does not go with --format npy\n {2}Name it \/tmp\/x\.npy, or leave out --format\.\n$/,
    ],
    ['NPY on standard output', ['embed', IMAGES, '-m', 'demo', '-f', 'npy'], /standard output/],
    [
      'an unknown model',
      ['embed', IMAGES, '-m', 'resnet9000'],
      /unknown model "resnet9000"\n {2}halonet runs timm's BYOBNet and BYOANet models \(see halonet models\)/,
    ],
    [
      'the included model, mistyped',
      ['embed', IMAGES, '-m', 'demmo'],
      /unknown model "demmo"\n.*Did you mean demo\?/,
    ],
    ['a model path that is not there', ['embed', IMAGES, '-m', './no/model'], /no such file or folder/],
    [
      'a size that cannot be tiled',
      ['embed', IMAGES, '-m', 'demo', '--image-size', '100'],
      /image size of 100×100 .*\n.*--image-size 64 or 128: /,
    ],
    [
      'labels that are not there',
      ['classify', IMAGES, '-m', 'demo', '--labels', 'none.txt'],
      /^error: --labels none\.txt: no such file or folder\n$/,
    ],
    [
      'a folder of labels',
      ['classify', IMAGES, '-m', 'demo', '--labels', IMAGES],
      /^error: --labels fixtures\/images: it is a folder, not a file\n$/,
    ],
    [
      '--null without a list',
      ['classify', IMAGES, '-m', 'demo', '--null'],
      /^error: --null is for .*\n {2}Pass - as the input: find .* \| halonet classify - --null\n$/,
    ],
    [
      'labels of another model',
      ['classify', IMAGES, '-m', 'demo', '--labels', 'package.json'],
      /--labels package\.json: class 0: expected a string/,
    ],
  ];
  for (const [what, args, message] of usageErrors) {
    it(`exits with code 2 and says why: ${what}`, async () => {
      const { code, stdout, stderr } = await halonet(args);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
    });
  }

  it('names the URL and two alternatives when there is no network', async () => {
    const home = await mkdtemp(join(tmpdir(), 'halonet-home-'));
    try {
      const env = { HF_HOME: home, HF_ENDPOINT: 'http://127.0.0.1:9', HF_HUB_CACHE: join(home, 'hub') };
      const { code, stderr } = await halonet(['classify', IMAGES], { env });
      assert.equal(code, 2);
      assert.match(stderr, /http:\/\/127\.0\.0\.1:9\/timm\/halonet50ts\.a1h_in1k/);
      assert.match(stderr, /The demo model needs no download/);
      assert.match(stderr, /model\.safetensors/);
    } finally {
      await rm(home, { recursive: true });
    }
  });

  it('ends quietly when its reader closes the pipe', async () => {
    const child = startHalonet([
      'classify',
      ...Array(200).fill(IMAGES),
      '-m',
      'demo',
      '--device',
      'cpu',
      '-b',
      '1',
      '--threads',
      '1',
    ]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    assert.equal(stderr, '');
  });

  for (const [signal, expected] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`stops on ${signal} with exit code ${expected} and leaves no output`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'halonet-signal-'));
      try {
        const child = startHalonet([
          'embed',
          '-',
          '-m',
          'demo',
          '--threads',
          '1',
          '-o',
          join(folder, 'e.csv'),
        ]);
        let stderr = '';
        child.stderr.on('data', (text) => {
          stderr += text;
        });
        // Standard input stays open: the run waits for more paths.
        while ((await readdir(folder)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        child.kill(signal);
        const [code] = await once(child, 'close');
        assert.equal(code, expected);
        assert.match(stderr, /interrupted/);
        assert.deepEqual(await readdir(folder), []);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
