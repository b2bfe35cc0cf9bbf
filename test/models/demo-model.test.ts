import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { CLASS_NAMES, drawings } from '../drawing/draw.js';
import { halonet } from '../support/cli.js';

const PER_CLASS = 12;
const BOUND = 0.9;

const best = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ path, predictions }) => ({ name: basename(path), label: predictions[0].label as string }));

const DEMO = ['-m', 'demo', '--device', 'cpu', '-f', 'jsonl', '-k', '1'];

describe('the demo model', () => {
  it(`names at least ${BOUND * 100} % of drawings, ${PER_CLASS} of each class`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-drawings-'));
    try {
      for (const { className, seed, svg } of drawings(PER_CLASS)) {
        await sharp(Buffer.from(svg))
          .png()
          .toFile(join(folder, `${className}-${seed}.png`));
      }
      const { code, stdout } = await halonet(['classify', folder, ...DEMO]);
      assert.equal(code, 0);
      const rows = best(stdout);
      assert.equal(rows.length, PER_CLASS * CLASS_NAMES.length);
      const right = rows.filter(({ name, label }) => name.startsWith(`${label}-`)).length;
      assert.ok(right >= BOUND * rows.length, `${right} of ${rows.length} right`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names every image in fixtures/images, the folder in the README', async () => {
    const { code, stdout } = await halonet(['classify', 'fixtures/images', ...DEMO]);
    assert.equal(code, 0);
    const rows = best(stdout);
    assert.equal(rows.length, CLASS_NAMES.length);
    for (const { name, label } of rows) assert.equal(name.split('.')[0], label);
  });
});
