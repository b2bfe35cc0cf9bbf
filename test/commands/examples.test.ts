import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { COMMANDS } from '../../commands/index.js';
import { FIRST_USE } from '../../commands/report/help-text.js';
import { halonet, ROOT } from '../support/cli.js';

const run = promisify(execFile);

const PHOTOS = ['heart.png', 'spiral.jpg', 'star.webp'];

/** What is put in place of models that take a download or long. */
const MODELS: readonly (readonly [RegExp, string])[] = [
  [/(halonet (?:classify|embed|features) (?!.*--model)\S+)/, '$1 --model demo'],
  [/(halonet convert) halonet50ts\.a1h_in1k/, '$1 demo'],
  [/(halonet benchmark) (?=--)/, '$1 demo '],
  [/(halonet benchmark .*)$/, '$1 --quick --repeats 1 --precisions fp32 --threads 1 --batch-sizes 1'],
];

/** Examples that measure for long, as benchmark.test.ts does with the same flags. */
const MEASURED = /benchmark .*(--random-weights|--output)/;

/** Commands whose examples work on a finished output, and the command that writes it. */
const BEFORE: Readonly<Record<string, string>> = {
  retry: 'halonet embed photos --model demo --device cpu --output photos.npy',
  verify: 'halonet embed photos --model demo --device cpu --output photos.npy',
};

const substituted = (command: string) =>
  MODELS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), command);

const isSimple = (command: string) => /^halonet [\w ./,=-]+$/.test(command);

describe('the examples of help', function () {
  this.timeout(300_000);
  let root: string;
  let folder: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-examples-'));
    await mkdir(join(root, 'bin'));
    const shim = join(root, 'bin/halonet');
    await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin/halonet.cjs')}' "$@"\n`);
    await chmod(shim, 0o755);
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'work-'));
    await mkdir(join(folder, 'photos'));
    for (const name of PHOTOS)
      await cp(join(ROOT, 'fixtures/images/shapes', name), join(folder, 'photos', name));
  });
  after(() => rm(root, { recursive: true }));

  async function assertRuns(command: string): Promise<void> {
    if (isSimple(command)) {
      const { code, stderr } = await halonet(command.split(' ').slice(1), { cwd: folder });
      assert.equal(code, 0, `${command}\n${stderr}`);
      return;
    }
    const PATH = `${join(root, 'bin')}${delimiter}${process.env.PATH}`;
    await run('sh', ['-c', command], { cwd: folder, env: { ...process.env, PATH } });
  }

  for (const [name, { examples }] of Object.entries(COMMANDS)) {
    it(`of halonet ${name} are there`, () => assert.ok(examples.length > 0));
    for (const { command } of examples.filter((example) => !MEASURED.test(example.command))) {
      it(`run: ${command}`, async () => {
        const earlier = BEFORE[name];
        if (earlier !== undefined) await assertRuns(earlier);
        await assertRuns(substituted(command));
      });
    }
  }

  const known = Object.values(COMMANDS).flatMap(({ examples }) => examples.map(({ command }) => command));
  for (const { command } of FIRST_USE)
    it(`run, on the page of all commands: ${command}`, async () => {
      if (!known.includes(command)) await assertRuns(substituted(command));
    });
});
