import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMANDS } from '../../commands/index.js';
import { FIRST_USE } from '../../commands/report/help-text.js';
import { type Bench, openBench, runShell } from '../docs/examples.js';

/** Replaces models that need a download (the test bench replaces those of jobs), and shortens long measurements. */
const MODELS: readonly (readonly [RegExp, string])[] = [
  [/(halonet convert) halonet50ts\.a1h_in1k/, '$1 demo'],
  [/(halonet benchmark) (?=--)/, '$1 demo '],
  [/(halonet benchmark .*)$/, '$1 --quick --repeats 1 --precisions fp32 --threads 1 --batch-sizes 1'],
];

/** Examples that measure for a long time; benchmark.test.ts covers their flags. */
const MEASURED = /benchmark .*(--random-weights|--output)/;

/** Commands whose examples work on a finished output, and the command that writes it. */
const BEFORE: Readonly<Record<string, string>> = {
  retry: 'halonet embed photos --model demo --device cpu --output photos.npy',
  verify: 'halonet embed photos --model demo --device cpu --output photos.npy',
};

const substituted = (command: string) =>
  MODELS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), command);

describe('the examples in help', function () {
  this.timeout(300_000);
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => rm(join(bench.folder, '..'), { recursive: true }));

  async function assertRuns(command: string): Promise<void> {
    const { code, stderr } = await runShell(command, bench);
    assert.equal(code, 0, `${command}\n${stderr}`);
  }

  for (const [name, { examples }] of Object.entries(COMMANDS)) {
    it(`exist for halonet ${name}`, () => assert.ok(examples.length > 0));
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
    it(`run from halonet --help: ${command}`, async () => {
      if (!known.includes(command)) await assertRuns(substituted(command));
    });
});
