import assert from 'node:assert/strict';
import { halonet } from '../support/cli.js';

/** Runs the command line with a script loaded before it. */
const withScript = (script: string, args: readonly string[]) =>
  halonet(args, {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` },
  });

// The next batch is still being computed when the first row arrives.
const LONG_BATCHES = ['--batch-size', '2', '--image-size', '512'];

const atFirstRow = (what: string) => `
  import { isMainThread } from 'node:worker_threads';
  const write = process.stdout.write;
  if (isMainThread) process.stdout.write = (...args) => {
    process.stdout.write = write;
    setImmediate(() => { ${what} });
    return write.apply(process.stdout, args);
  };`;

const CLASSIFY = [
  'classify',
  'fixtures/images/textures',
  '--model',
  'demo',
  '--device',
  'cpu',
  ...LONG_BATCHES,
];

// Exit code 1 would mean that the run finished, and that some of its images failed.
describe('a defect in halonet', () => {
  const message = 'a defect \\u001b]0;title\\u0007';
  for (const [what, script] of [
    ['an exception that nobody catches', `throw new Error('${message}')`],
    ['a rejection that nobody catches', `Promise.reject(new Error('${message}'))`],
  ] as const) {
    it(`exits with code 2 on ${what}`, async () => {
      const { code, stderr } = await withScript(atFirstRow(script), CLASSIFY);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^error: .*defect of halonet: Error: a defect \\x1b\]0;title\\x07\n {4}at /);
    });
  }

  it('exits with code 2 when work never ends', async () => {
    const script = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.promises.readFile = fs.promises.open = () => new Promise(() => {});
      syncBuiltinESMExports();`;
    const { code, stdout, stderr } = await withScript(script, ['inspect', 'assets/demo-model']);
    assert.deepEqual(
      { code, stdout, stderr },
      {
        code: 2,
        stdout: '',
        stderr: 'error: halonet stopped before it was done\n',
      },
    );
  });
});
