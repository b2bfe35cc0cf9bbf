// Compares a job over tar shards with one over the folders that they unpack to: rows, peak memory, and images per second.
//
//     node dist/test/archives/compare-speed.js [IMAGES [ROUNDS [FORM [FOLDER]]]]
//
// Default: 100000 images in 10 shards, 3 rounds of one shard each, tar (or tar.gz, tar.zst), and a temporary folder. Both jobs go
// over all images once; the rounds take turns, because other work on the machine changes its speed.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { mulberry32 } from '../../src/random.js';
import { watchMemory } from '../fuzz/memory.js';
import { TAR_END, tarEntry } from '../support/archives.js';
import { startHalonet } from '../support/cli.js';

const [images = '100000', rounds = '3', form = 'tar', place] = process.argv.slice(2);
const SHARDS = 10;
const DISTINCT = 300; // pictures
const SIDE = 64; // pixels
const TICKS = 100; // of a processor in a second: USER_HZ on every Linux
const MOST_MORE = 50 * 2 ** 20; // bytes
const HOURS = 12 * 3600; // seconds that a job may take
const LEAST_SHARE = 0.9; // of the folders' images per second
const COMPRESS: Readonly<Record<string, readonly string[]>> = {
  'tar.gz': ['gzip', '-1'],
  'tar.zst': ['zstd', '-q', '--rm'],
};

const folder = place ?? (await mkdtemp(join(tmpdir(), 'halonet-shards-')));
const nameOf = (shard: number) => `${String(shard).padStart(2, '0')}`;

async function pictures(): Promise<readonly Buffer[]> {
  const random = mulberry32(1);
  return Promise.all(
    Array.from({ length: DISTINCT }, (_, i) => {
      const background = { r: 255 * random(), g: 255 * random(), b: 255 * random() };
      const noise = { type: 'gaussian', mean: 128, sigma: 10 + (i % 40) } as const;
      return sharp({ create: { width: SIDE, height: SIDE, channels: 3, background, noise } })
        .jpeg()
        .toBuffer();
    }),
  );
}

/** Writes a shard, and the folder that it unpacks to. */
async function makeShard(shard: number, all: readonly Buffer[]): Promise<void> {
  const name = join(folder, nameOf(shard));
  await mkdir(name);
  const tar = createWriteStream(`${name}.tar`);
  for (let i = 0; i < Number(images) / SHARDS; i++) {
    const member = {
      name: `${String(i).padStart(6, '0')}.jpg`,
      content: all[(i * 7 + shard) % all.length] as Buffer,
    };
    await writeFile(join(name, member.name), member.content);
    if (!tar.write(tarEntry(member))) await once(tar, 'drain');
  }
  tar.end(TAR_END);
  await once(tar, 'close');
  const [program, ...options] = COMPRESS[form] ?? [];
  if (program !== undefined) await promisify(execFile)(program, [...options, `${name}.tar`]);
}

/** Returns the processor time of a process in seconds, from `stat` in /proc; undefined once it has ended. */
function cpuSeconds(pid: number): number | undefined {
  try {
    const [user, system] =
      readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ').slice(11, 13) ?? [];
    return (Number(user) + Number(system)) / TICKS;
  } catch {
    return undefined;
  }
}

// Otherwise each job measures these for itself, and chance decides which one uses more memory.
const TUNED = ['--batch-size', '4', '--decoders', '2'];

/** Runs a job over inputs in the working folder. */
async function run(inputs: readonly string[], output: string) {
  const model = ['--model', 'demo', '--device', 'cpu', '--top-k', '1'];
  const args = ['classify', ...inputs, ...model, ...TUNED, '--overwrite', '--output', output];
  const child = startHalonet(args, { cwd: folder, limit: HOURS });
  const memory = watchMemory(child.pid ?? 0);
  let cpu = 0;
  const timer = setInterval(() => {
    cpu = cpuSeconds(child.pid ?? 0) ?? cpu;
  }, 20);
  child.stdin.end();
  child.stdout.resume();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  clearInterval(timer);
  const [, rate] = /images in .*\(([\d.,]+)\/s\)/.exec(stderr) ?? [];
  if (code !== 0 || rate === undefined) throw new Error(`halonet ended with ${code}: ${stderr}`);
  return { rate: Number(rate.replaceAll(',', '')), peak: memory.stop(), cpu };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const MiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const all = await pictures();
for (let shard = 0; shard < SHARDS; shard++) await makeShard(shard, all);
const folders = Array.from({ length: SHARDS }, (_, shard) => nameOf(shard));
const shards = folders.map((name) => `${name}.${form === 'tar.zst' ? 'tar.zst' : form}`);
console.log(`${images} images in ${SHARDS} shards (${form}) and folders`);

const [inFolders, inShards] = [await run(folders, 'folders.csv'), await run(shards, 'shards.csv')];
const rowsOf = async (name: string) =>
  (await readFile(join(folder, name), 'utf8')).replaceAll(`.${form}/`, '/');
const isSame = (await rowsOf('folders.csv')) === (await rowsOf('shards.csv'));
console.log(`rows: ${isSame ? 'the same' : 'different'}`);
console.log(`peak memory: folders ${MiB(inFolders.peak)}, shards ${MiB(inShards.peak)}`);
console.log(`all images: folders ${inFolders.rate}/s, shards ${inShards.rate}/s`);
console.log(`processor time: folders ${inFolders.cpu.toFixed(1)} s, shards ${inShards.cpu.toFixed(1)} s`);

const rates: { readonly folders: number; readonly shards: number }[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const shard = round % SHARDS;
  const one = await run([folders[shard] as string], 'folders.csv');
  const other = await run([shards[shard] as string], 'shards.csv');
  rates.push({ folders: one.rate, shards: other.rate });
  console.log(
    `round ${round + 1}: folder ${one.rate}/s (${one.cpu.toFixed(1)} s of a processor), ` +
      `shard ${other.rate}/s (${other.cpu.toFixed(1)} s)`,
  );
}
const share = median(rates.map((rate) => rate.shards)) / median(rates.map((rate) => rate.folders));
console.log(`ratio of medians: ${share.toFixed(3)}`);
if (place === undefined) await rm(folder, { recursive: true });
if (!isSame || inShards.peak > inFolders.peak + MOST_MORE || share < LEAST_SHARE) process.exitCode = 1;
