// Compares one pass that writes classes, embeddings and features (`halonet run`) with the three commands that write them: seconds from
// start to end, in turns, because other work on the machine changes its speed. Checks that the files are the same. Features are pooled,
// and then whole maps: 8 MB for each image of halonet50ts, which both ways of running have to write once.
//
//     node dist/test/benchmark/compare-passes.js [IMAGES [ROUNDS [PRECISION [MODEL]]]]
//
// Default: 64 images of 1280 x 960, 3 rounds, fp32, and halonet50ts with generated weights, on the CPU. Fails if one pass with pooled
// features is less than 2.5 times as fast.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { writePhoto } from '../../src/benchmark/generated-photos.js';
import { writeRandomCheckpoint } from '../../src/benchmark/random-checkpoint.js';
import { spreadOf } from '../../src/benchmark/statistics.js';
import { startHalonet } from '../support/cli.js';

const [images = '64', rounds = '3', precision = 'fp32', model = 'halonet50ts.a1h_in1k'] =
  process.argv.slice(2);
const HOURS = 12 * 3600; // seconds that a command may take
const EXPECTED = 2.5; // times as fast

const OUTPUTS = [
  ['classify', 'classes.csv'],
  ['embed', 'embeddings.npy'],
] as const;

const folder = await mkdtemp(join(tmpdir(), 'halonet-passes-'));
const [photos, weights] = ['photos', 'model'].map((name) => join(folder, name)) as [string, string];

async function run(args: readonly string[], cwd: string): Promise<number> {
  const start = performance.now();
  const common = ['--model', weights, '--precision', precision, '--device', 'cpu', '--overwrite', '--quiet'];
  const child = startHalonet([...args, ...common], { cwd, limit: HOURS });
  child.stdin.end();
  child.stdout.resume();
  const stderr = text(child.stderr);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, await stderr);
  return (performance.now() - start) / 1000;
}

/** Returns the data and the ledgers in a folder, by name; manifests hold times. */
async function filesIn(place: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.run.json'));
  const read = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(place.length), await readFile(path)] as const;
  });
  return new Map(await Promise.all(read));
}

/** Compares with features of one kind, and returns how many times as fast one pass is. */
async function compare(kind: string, features: string): Promise<number> {
  const [one, three] = ['one', 'three'].map((name) => join(folder, kind, name)) as [string, string];
  for (const place of [one, three]) await mkdir(place, { recursive: true });
  const outputs = [...OUTPUTS, ['features', features] as const];
  const emissions = outputs.flatMap(([command, output]) => ['--emit', `${command}=${output}`]);
  const ratios: number[] = [];
  for (let round = 1; round <= Number(rounds); round++) {
    const pass = await run(['run', photos, ...emissions], one);
    const alone: number[] = [];
    for (const [command, output] of outputs)
      alone.push(await run([command, photos, '--output', ...output.split(' ')], three));
    const sum = alone.reduce((all, seconds) => all + seconds, 0);
    ratios.push(sum / pass);
    const parts = alone.map((seconds) => seconds.toFixed(1)).join(' + ');
    console.log(
      `${kind}, round ${round}: one pass ${pass.toFixed(1)} s; three commands ${parts} = ${sum.toFixed(1)} s: ${(sum / pass).toFixed(2)} times as fast`,
    );
  }
  const [together, apart] = [await filesIn(one), await filesIn(three)];
  assert.deepEqual([...together.keys()].toSorted(), [...apart.keys()].toSorted());
  for (const [name, bytes] of together) assert.ok(apart.get(name)?.equals(bytes), `${name} differs`);
  const bytes = [...together.values()].reduce((all, file) => all + file.byteLength, 0);
  const ratio = spreadOf(ratios).median;
  console.log(
    `${kind}, ${images} images, ${model}, ${precision}: one pass is ${ratio.toFixed(2)} times as fast (median); ${together.size} files of ${(bytes / 1e6).toFixed(1)} MB in all are the same`,
  );
  return ratio;
}

try {
  for (const place of [photos, weights]) await mkdir(place);
  for (let i = 0; i < Number(images); i++) await writePhoto(photos, { width: 1280, height: 960 }, i);
  await writeRandomCheckpoint(model, weights);
  if (precision === 'int8')
    await run(['classify', photos, '--limit', '64', '--output', 'classes.csv'], folder); // calibrates
  const pooled = await compare('pooled features', 'pooled --pool avg');
  await compare('feature maps', 'maps');
  if (pooled < EXPECTED) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
