import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnxMetadata } from '../../src/formats/onnx/decode.js';
import { halonet, startHalonet } from '../support/cli.js';
import { readBytes, readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';
import { runOnnx } from '../support/run-onnx.js';

const IMAGES = 'fixtures/images/shapes';
const PHOTO = 'fixtures/preprocess/chelsea.jpg';

const CPU = ['--device', 'cpu'];

describe('halonet convert', () => {
  let folder: string;
  let demo: string; // the demo model with every output that the other commands may need
  const place = (name: string) => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-convert-'));
    demo = place('demo.onnx');
    const outputs = 'logits,embedding,stage1,stage2,stage3,stage4';
    const { code, stdout, stderr } = await halonet(['convert', 'demo', '-o', demo, '--outputs', outputs]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^\S+demo\.onnx: 2\.\d MB, ONNX opset 17, outputs: logits, embedding, stage1, .*\n$/,
    );
  });
  after(() => rm(folder, { recursive: true }));

  it('writes a file that plain ONNX Runtime runs, with the logits of timm', async () => {
    const samples = await readBytes('fixtures/demo-samples/samples.npy');
    const wanted = await readFloats('fixtures/demo-samples/samples_logits.npy');
    const count = samples.shape[0] ?? 0;
    const { logits = [] } = await runOnnx(await readFile(demo), samples.data, count);
    assert.ok(relativeError(logits, wanted.data) < 1e-4);
  });

  it('writes a file that gives classify the same rows', async () => {
    const rows = async (model: string) => {
      const { code, stdout } = await halonet(['classify', IMAGES, '-m', model, '-k', '3', ...CPU]);
      assert.equal(code, 0);
      const lines = stdout.trimEnd().split('\n').slice(1);
      return lines.map((line) => line.split(','));
    };
    const [own, checkpoint] = [await rows(demo), await rows('demo')];
    assert.equal(own.length, 11);
    for (const [i, cells] of checkpoint.entries()) {
      for (const [j, cell] of cells.entries()) {
        const found = own[i]?.[j] ?? '';
        if (j === 0 || j % 3 !== 0)
          assert.equal(found, cell); // path, index, label
        else assert.ok(Math.abs(Number(found) - Number(cell)) < 1e-5);
      }
    }
  });

  it('writes a file that gives embed and features the same values', async () => {
    const args = [
      ['embed', PHOTO, '--normalize'],
      ['features', PHOTO, '--pool', 'avg', '-f', 'csv'],
    ];
    for (const command of args) {
      const numbers = async (model: string) => {
        const { code, stdout } = await halonet([...command, '-m', model, '--quiet', ...CPU]);
        assert.equal(code, 0);
        return stdout.split(/[\n,]/).map(Number).filter(Number.isFinite);
      };
      const [own, checkpoint] = [await numbers(demo), await numbers('demo')];
      assert.ok(checkpoint.length > 500);
      assert.ok(relativeError(own, checkpoint) < 1e-5);
    }
  });

  it('writes half precision at about half the size with the same classes, and does not convert it back', async () => {
    const half = place('half.onnx');
    const { code } = await halonet(['convert', 'demo', '-o', half, '--precision', 'fp16']);
    assert.equal(code, 0);
    const whole = place('whole.onnx');
    await halonet(['convert', 'demo', '-o', whole]);
    const [small, large] = [await readFile(half), await readFile(whole)];
    assert.ok(small.byteLength < 0.53 * large.byteLength);
    const labels = async (model: string) =>
      (await halonet(['classify', IMAGES, '-m', model, '-k', '1', ...CPU])).stdout.match(/^\S+?,\d+,\w+/gm);
    const halves = await labels(half);
    assert.equal(halves?.length, 11);
    assert.deepEqual(halves, await labels('demo'));
    const back = await halonet(['convert', half, '-o', place('back.onnx')]);
    assert.equal(back.code, 2);
    assert.match(back.stderr, /half precision already.*\n.*--precision fp16/);
  });

  it('records the preprocessing flags, and jobs apply them', async () => {
    const squashed = place('squashed.onnx');
    const flags = ['--crop-mode', 'squash', '--interpolation', 'bilinear', '--image-size', '64'];
    const normal = ['--mean', '0.5,0.5,0.5', '--std', '0.25,0.25,0.25', '--crop-pct', '0.9'];
    const { code } = await halonet(['convert', 'demo', '-o', squashed, ...flags, ...normal]);
    assert.equal(code, 0);
    const record = JSON.parse(readOnnxMetadata(await readFile(squashed), squashed).halonet ?? '');
    assert.deepEqual(record.preprocessing, {
      height: 64,
      width: 64,
      cropPct: 0.9,
      cropMode: 'squash',
      interpolation: 'bilinear',
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
    assert.equal(record.version, 1);
    assert.match(record.toolVersion, /^\d+\.\d+\.\d+/);
    assert.deepEqual(record.outputs[0], { name: 'logits', kind: 'logits', shape: [16] });
    const embedding = async (...args: string[]) =>
      (await halonet(['embed', PHOTO, '--quiet', ...CPU, ...args])).stdout
        .split('\n')[1]
        ?.split(',')
        .slice(1, -1)
        .map(Number);
    const own = (await embedding('-m', squashed)) ?? [];
    assert.equal(own.length, 512);
    assert.ok(relativeError(own, (await embedding('-m', 'demo', ...flags, ...normal)) ?? []) < 1e-5);
  });

  it('converts an ONNX file to one with fewer outputs', async () => {
    const stage = place('stage.onnx');
    const { code } = await halonet(['convert', demo, '-o', stage, '--outputs', 'stage2']);
    assert.equal(code, 0);
    assert.ok((await readFile(stage)).byteLength < 0.5 * (await readFile(demo)).byteLength);
    const { stderr } = await halonet(['classify', PHOTO, '-m', stage, ...CPU]);
    assert.match(stderr, /has no output "probabilities"; it has stage2/);
    const named = await halonet(['features', PHOTO, '-m', stage, '--architecture', 'halonet26t']);
    assert.equal(named.code, 2);
    assert.match(
      named.stderr,
      /--architecture is for checkpoints: the architecture of an ONNX file is fixed\n {2}Leave out --architecture\./,
    );
  });

  it('writes the same bytes to standard output', async () => {
    const child = startHalonet(['convert', 'demo', '-o', '-', '--quiet']);
    child.stderr.resume();
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    assert.deepEqual(Buffer.concat(pieces), await readFile(place('whole.onnx')));
  });

  it('replaces a file only with --overwrite, and leaves nothing else behind', async () => {
    const output = join(await mkdtemp(join(folder, 'out-')), 'taken.onnx');
    await writeFile(output, 'precious');
    const refused = await halonet(['convert', '/no/such/model', '-o', output]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /taken\.onnx already exists.*\n.*--overwrite/);
    assert.equal(await readFile(output, 'utf8'), 'precious');
    const failed = await halonet(['convert', 'demo', '-o', output, '--overwrite', '--outputs', 'stage9']);
    assert.equal(failed.code, 2);
    assert.match(failed.stderr, /no output "stage9".*\n.*stages 0 to 4/);
    assert.equal(await readFile(output, 'utf8'), 'precious');
    await copyFile(demo, output);
    const self = await halonet(['convert', output, '-o', output, '--overwrite', '--outputs', 'logits']);
    assert.equal(self.code, 0, self.stderr);
    assert.equal((await halonet(['classify', PHOTO, '-m', output, ...CPU])).code, 0);
    assert.deepEqual(await readdir(join(output, '..')), ['taken.onnx']);
  });

  const usageErrors: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'no output',
      ['demo'],
      /^error: --output is missing: file to write; - is standard output\n {2}See halonet convert --help\. For example: halonet convert .*\.onnx\n$/,
    ],
    [
      'another extension',
      ['demo', '-o', 'FOLDER/model.pth'],
      /model\.pth: the output must end in \.onnx\n.*Try --output \S*model\.onnx\n$/,
    ],
    [
      'a folder',
      ['demo', '-o', 'FOLDER'],
      /is a folder; expected a file\n {2}Name a file, such as \S+\.onnx\.\n$/,
    ],
    [
      'an output named twice',
      ['demo', '-o', 'FOLDER/x.onnx', '--outputs', 'logits,logits'],
      /distinct outputs/,
    ],
    ['an unknown output', ['demo', '-o', 'FOLDER/x.onnx', '--outputs', 'classes'], /no output "classes"/],
    [
      'an unknown precision',
      ['demo', '-o', 'FOLDER/x.onnx', '--precision', 'int8'],
      /^error: --precision: expected fp32 or fp16; received int8\n/,
    ],
    ['a file that is not there', ['./none.onnx', '-o', 'FOLDER/x.onnx'], /none\.onnx": no such file/],
  ];
  for (const [what, args, message] of usageErrors) {
    it(`exits with code 2 and says why: ${what}`, async () => {
      const { code, stdout, stderr } = await halonet([
        'convert',
        ...args.map((arg) => arg.replace('FOLDER', folder)),
      ]);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
    });
  }

  // Linux has a device that is always full.
  if (existsSync('/dev/full')) {
    it('exits with code 2 and reports a full disk', async () => {
      const { code, stderr } = await halonet(['convert', 'demo', '-o', '/dev/full']);
      assert.equal(code, 2);
      assert.match(stderr, /^error: cannot write \/dev\/full: no space left on device\n/);
    });
  }

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`stops on ${signal} with exit code ${expected} and leaves no file`, async () => {
      const server = createServer(() => {}); // accepts requests and never answers
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const empty = await mkdtemp(join(folder, 'empty-'));
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const child = startHalonet(['convert', 'halonet26t', '-o', join(empty, 'x.onnx')], {
        env: { HF_ENDPOINT: endpoint, HF_HUB_CACHE: place('hub') },
      });
      let stderr = '';
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      try {
        await once(server, 'request');
        child.kill(signal);
        const [code] = await once(child, 'close');
        assert.equal(code, expected);
        assert.match(stderr, /interrupted/);
        assert.deepEqual(await readdir(empty), []);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });
  }
});
