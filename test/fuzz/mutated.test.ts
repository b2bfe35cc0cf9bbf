import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checked, checkFolder } from './check-folder.js';
import { memoryBound } from './memory-bound.js';
import { mutatedImage } from './mutated-image.js';
import { keep, Report } from './report.js';
import { agree, type Reading } from './rows.js';
import { makeSeeds, type Seed } from './seeds.js';

const COUNT = Number(process.env.HALONET_FUZZ_COUNT ?? 5600);
const SEED = Number(process.env.HALONET_FUZZ_SEED ?? 1);
const PART = 700; // images in one run of the command line, besides the intact ones

const nameOf = ({ format, name, extension }: Seed) => `${format}-${name}${extension}`;
const parts = Array.from({ length: Math.ceil(COUNT / PART) }, (_, i) => ({
  first: i * PART,
  count: Math.min(PART, COUNT - i * PART),
}));

describe(`${COUNT} mutated images, seed ${SEED}`, () => {
  const report = new Report();
  let folder = '';
  let seeds: readonly Seed[] = [];
  let whole: Checked;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-fuzz-'));
    seeds = await makeSeeds();
    await mkdir(join(folder, 'whole'));
    for (const seed of seeds) await writeFile(join(folder, 'whole', nameOf(seed)), seed.bytes);
    whole = await checkFolder(join(folder, 'whole'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
    console.log(
      report
        .lines()
        .map((line) => `    ${line}`)
        .join('\n'),
    );
    console.log(
      `    memory of the ${seeds.length} that are not mutated: ${Math.round(whole.peak / 2 ** 20)} MiB`,
    );
  });

  it('are made from readable images, except for TIFFs with float samples or WebP compression', () => {
    assert.deepEqual(whole.problems, []);
    const failed = [...whole.rows].filter(([, { status }]) => status !== 'ok');
    assert.deepEqual(
      failed.map(([name]) => name),
      ['tiff-float.tif', 'tiff-webp.tif'],
    );
  });

  for (const { first, count } of parts) {
    it(`${first} to ${first + count - 1} each get a row, and intact images among them the right one`, async () => {
      const part = join(folder, `part-${first}`);
      await mkdir(part);
      const formats = new Map<string, string>();
      for (let number = first; number < first + count; number++) {
        const { name, format, bytes } = mutatedImage(SEED, number, seeds);
        formats.set(name, format);
        await writeFile(join(part, name), bytes);
      }
      // '-whole' sorts after the mutated image with the same number.
      const expected = new Map<string, Reading | undefined>();
      for (const [i, seed] of seeds.entries()) {
        const number = first + Math.floor((i * count) / seeds.length);
        const name = `${String(number).padStart(6, '0')}-whole-${nameOf(seed)}`;
        expected.set(name, whole.rows.get(nameOf(seed)));
        await writeFile(join(part, name), seed.bytes);
      }
      const checked = await checkFolder(part);
      report.add(checked, (name) => formats.get(name));
      const problems = [...checked.problems];
      for (const [name, row] of expected) {
        const found = checked.rows.get(name);
        if (found === undefined || row === undefined || !agree(found, row)) {
          problems.push({ name, what: `${JSON.stringify(found)}; expected ${JSON.stringify(row)}` });
        }
      }
      if (checked.peak > memoryBound(whole.peak))
        problems.push({ what: `took ${checked.peak} bytes of memory` });
      if (problems.length > 0) {
        const kept = await keep(problems, part, join(tmpdir(), `halonet-fuzz-failures-${SEED}-${first}`));
        assert.fail(`${kept}\nagain: node dist/test/fuzz/make-images.js ${SEED} FOLDER ${first} ${count}`);
      }
      await rm(part, { recursive: true });
    });
  }
});
