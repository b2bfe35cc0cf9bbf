import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { text } from 'node:stream/consumers';
import { ROOT } from '../support/cli.js';
import { FREE_VARIABLE, TAKEN } from '../support/take-descriptors.js';

const CLI = `${ROOT}bin/halonet.cjs`;
const PRELOAD = new URL('../support/take-descriptors.js', import.meta.url).href;
const IMAGES = 'fixtures/images'; // 16
const PHOTO = 'fixtures/preprocess/chelsea.jpg'; // decoded in a thread of the run
const DRAWING = 'fixtures/images/shapes/ring.svg'; // decoded in a separate process

const REASON = /^error: .+\n {2}.*ulimit -(Hn|n).*\n$/;

/** Arguments of sh that run a command with a limit on open files. */
const limited = (files: number, ...args: readonly string[]) =>
  ['-c', `ulimit -n ${files} && exec "$0" "$@"`, process.execPath, ...args] as const;

// Windows has no such limit.
if (platform !== 'win32') {
  describe('a limit on open files', () => {
    let folder = '';
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'halonet-files-'));
      await writeFile(join(folder, 'empty.cjs'), '');
    });
    after(() => rm(folder, { recursive: true }));

    /** With the smallest limits, Node itself does not reach its first line. */
    const nodeStarts = (files: number) =>
      spawnSync('sh', limited(files, join(folder, 'empty.cjs'))).status === 0;

    const classify = (files: number) =>
      spawnSync('sh', limited(files, CLI, 'classify', IMAGES, '--model', 'demo', '--device', 'cpu'), {
        cwd: ROOT,
        encoding: 'utf8',
      });

    it('fails the start with exit code 2, and the error names the limit to raise', () => {
      const limits = [18, 19, 20, 22, 26, 32, 40, 48, 64].filter(nodeStarts);
      assert.ok(limits.length >= 4, String(limits));
      for (const files of limits) {
        const { status, stdout, stderr } = classify(files);
        assert.equal(status, 2, `${files}: ${stderr}`);
        assert.match(stderr, REASON, String(files));
        assert.equal(stdout, '');
      }
    });

    it('is high enough at 1024, as the error promises', () => {
      const { status, stdout, stderr } = classify(1024);
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trimEnd().split('\n').length, 1 + 16);
    });

    /** Classifies a list that arrives when only `free` more files can be opened. */
    async function classifyWith(free: number, paths: readonly string[]) {
      const args = ['classify', '-', '--model', 'demo', '--format', 'jsonl', '--batch-size', '1'];
      const child = spawn('sh', limited(256, CLI, ...args), {
        cwd: ROOT,
        env: { ...process.env, NODE_OPTIONS: `--import=${PRELOAD}`, [FREE_VARIABLE]: String(free) },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const ended = once(child, 'close');
      const rows = text(child.stdout);
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
      });
      const saying = async (what: string) => {
        while (!said.includes(what)) await once(child.stderr, 'data');
      };
      await saying('device: ');
      child.kill('SIGUSR2');
      await saying(TAKEN);
      child.stdin.on('error', () => {}).end(paths.map((path) => `${path}\n`).join(''));
      const [code] = await ended;
      const printed = (await rows).split('\n').filter((row) => row !== '');
      return { code, rows: printed.map((row) => JSON.parse(row)), said };
    }

    for (const [what, path] of [
      ['an image', PHOTO],
      ['an image that is decoded in a process of its own', DRAWING],
    ] as const) {
      it(`never turns ${what} into a failed row`, async () => {
        const codes = new Set<unknown>();
        for (const free of [0, 1, 2, 4, 100]) {
          const { code, rows, said } = await classifyWith(free, [path, path]);
          codes.add(code);
          for (const row of rows) assert.ok('predictions' in row, `${free} free: ${JSON.stringify(row)}`);
          if (code === 0) assert.equal(rows.length, 2, said);
          else assert.match(said.slice(said.indexOf(TAKEN) + TAKEN.length), REASON, `${free} free, ${code}`);
        }
        assert.deepEqual(codes, new Set([2, 0]));
      });
    }
  });
}
