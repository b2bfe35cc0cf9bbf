import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bomb, makeBombs } from './bombs.js';
import { classifyFolder } from './classify.js';
import { type EndlessFile, endlessFiles } from './endless-files.js';
import { memoryBound } from './memory-bound.js';
import { readRow } from './rows.js';
import { makeSeeds, type Seed } from './seeds.js';

const SIDE = 16_000; // 256 million pixels, just below the limit
const MIB = 2 ** 20;

describe(`images of ${SIDE} x ${SIDE} pixels in a few kB`, () => {
  let root = '';
  let bombs: readonly Bomb[] = [];
  let small = 0; // bytes of memory that a small image takes
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-bombs-'));
    bombs = await makeBombs(SIDE);
    const [seed] = await makeSeeds();
    if (seed === undefined) throw new Error('no seed');
    small = (await classify([{ name: `small${seed.extension}`, bytes: seed.bytes }])).peak;
  });
  after(() => rm(root, { recursive: true }));

  async function classify(files: readonly Pick<Bomb, 'name' | 'bytes'>[], ...flags: string[]) {
    const folder = join(root, files[0]?.name ?? '');
    await mkdir(folder);
    for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
    const run = await classifyFolder(folder, `${folder}.jsonl`, flags);
    await rm(folder, { recursive: true });
    const rows = files.map(({ name }, i) => readRow(run.lines[i], join(folder, name)));
    return { ...run, rows };
  }

  it('each get a row, in the memory of one image', async () => {
    for (const bomb of bombs) {
      const { rows, lines, stderr, peak, ms } = await classify([bomb]);
      const sizes = `${bomb.bytes.length} bytes, ${Math.round(peak / MIB)} MiB of memory`;
      console.log(`    ${bomb.name}: ${sizes}, ${(ms / 1000).toFixed(1)} s`);
      assert.equal(lines.length, 1, bomb.name);
      assert.equal(rows[0]?.status, bomb.refused ? 'failed' : 'ok', JSON.stringify(rows[0]));
      assert.equal(stderr, '');
      assert.ok(peak <= memoryBound(small, bomb.perPixel), `${bomb.name}: ${peak} bytes of memory`);
    }
  });

  it('take the memory of those decoded at once', async () => {
    const [bomb] = bombs.filter(({ name }) => name === 'lossless.webp');
    if (bomb === undefined) throw new Error('no such bomb');
    const copies = [1, 2, 3, 4].map((i) => ({ ...bomb, name: `${i}-${bomb.name}` }));
    const { rows, peak } = await classify(copies, '--decoders', '2');
    console.log(`    4 x ${bomb.name}, 2 at once: ${Math.round(peak / MIB)} MiB of memory`);
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['ok', 'ok', 'ok', 'ok'],
    );
    assert.ok(peak <= memoryBound(small, bomb.perPixel, 2), `${peak} bytes of memory`);
  });
});

describe('files that would keep a decoder busy', () => {
  let root = '';
  let healthy: Seed;
  let files: readonly EndlessFile[] = [];
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'halonet-endless-'));
    const seed = (await makeSeeds()).find(({ format }) => format === 'jpeg');
    if (seed === undefined) throw new Error('no seed');
    healthy = seed;
    files = endlessFiles(seed);
  });
  after(() => rm(root, { recursive: true }));

  it('each get a row, without affecting other images', async () => {
    for (const { name, bytes, codes } of files) {
      const folder = join(root, name);
      await mkdir(folder);
      const names = [name, ...[1, 2, 3].map((i) => `z${i}${healthy.extension}`)];
      for (const [i, each] of names.entries())
        await writeFile(join(folder, each), i === 0 ? bytes : healthy.bytes);
      const { lines, stderr, ms } = await classifyFolder(folder, `${folder}.jsonl`, [
        '--decode-timeout',
        '5',
      ]);
      await rm(folder, { recursive: true });
      const [row, ...others] = names.map((each, i) => readRow(lines[i], join(folder, each)));
      const code = row?.status === 'failed' ? row.code : row?.status;
      console.log(`    ${name}: ${bytes.length} bytes, ${code}, ${(ms / 1000).toFixed(1)} s`);
      assert.ok(
        codes.some((each) => each === code),
        `${name}: ${JSON.stringify(row)}`,
      );
      assert.deepEqual(
        others.map(({ status }) => status),
        ['ok', 'ok', 'ok'],
        name,
      );
      assert.equal(stderr, '');
    }
  });
});
