// Packs one tree of files with many programs, and compares the rows of each archive with those of the folder that its program
// extracts from it. Then compares the memory that a large zip needs with that of a folder.
// node dist/test/archives/check.js FOLDER SEED SEVENZIP [WEBDATASET]: an empty folder to work in; 7-Zip; a Python that has webdataset
import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/root.js';
import { ARCHIVERS, type Archiver, WEBDATASET } from './archivers.js';
import { compareMemory } from './memory.js';
import { type Outcome, outcomesOf } from './outcomes.js';
import { makeTree, PLAIN, type Tree, TWICE } from './tree.js';

const [folder = '', seed = '1', sevenZip = '7z', webdataset = ''] = process.argv.slice(2);
const [archives, extracted] = [join(folder, 'archives'), join(folder, 'extracted')];

const LEAST_ROWS = 20; // a program that packs fewer images of the tree has failed

/** An archive, and what its program extracts from it. */
interface Packed {
  readonly archiver: Archiver;
  readonly archive: string;
  readonly unpacked: string; // a folder
}

const slug = ({ name }: Archiver) => name.replaceAll(/[^\w.]+/g, '-');

/** Packs a tree and unpacks it again. Some programs report names that their format cannot hold as errors, and leave these out. */
async function packed(archiver: Archiver, tree: Tree): Promise<Packed> {
  const { pack, unpack, extension } = archiver;
  const archive = join(archives, `${slug(archiver)}.${extension}`);
  const unpacked = join(extracted, slug(archiver));
  await mkdir(unpacked);
  const env = {
    ...{ ...process.env, LC_ALL: 'C.UTF-8' },
    ...{ ARCHIVE: archive, TREE: tree.folder, OTHER: tree.other, TWICE, LIST: tree.list },
    ...{ HERE: join(ROOT, 'test/archives'), SEVENZIP: sevenZip, WEBDATASET: webdataset },
  };
  const bash = (command: string, cwd: string) => promisify(execFile)('bash', ['-c', command], { cwd, env });
  await bash(pack, tree.folder).catch(() => {});
  await bash(unpack, unpacked).catch(() => {});
  await stat(archive);
  return { archiver, archive, unpacked };
}

/** Returns what the rows of an archive must be, given those of the folder. */
function expectedOf(
  { failed, renamed = {}, hasTwice }: Archiver,
  { inFolder, twice, plain }: { inFolder: readonly Outcome[]; twice: Outcome; plain: Outcome },
): Outcome[] {
  const outcomes = inFolder.map(({ path, result }) => {
    const name = renamed[path];
    if (name !== undefined) return { path: name, result: plain.result };
    return { path, result: failed.includes(path) ? 'read_failed' : result };
  });
  return hasTwice ? [...outcomes, twice] : outcomes;
}

const lines = (outcomes: readonly Outcome[]) =>
  outcomes.map(({ path, result }) => `${JSON.stringify(path)} ${result}`).sort();

/** Returns the lines that only one of two lists has, the first's after `-`. */
function difference(expected: readonly string[], actual: readonly string[]): string[] {
  const without = (all: readonly string[], others: readonly string[]) => {
    const rest = [...others];
    return all.filter((line) => {
      const at = rest.indexOf(line);
      if (at !== -1) rest.splice(at, 1);
      return at === -1;
    });
  };
  return [
    ...without(expected, actual).map((line) => `  - ${line.slice(0, 300)}`),
    ...without(actual, expected).map((line) => `  + ${line.slice(0, 300)}`),
  ];
}

let failures = 0;
let rows = 0;
function compare(what: string, expected: readonly Outcome[], actual: readonly Outcome[]): void {
  rows += actual.length;
  const different = difference(lines(expected), lines(actual));
  if (different.length === 0 && actual.length >= LEAST_ROWS) return;
  failures += 1;
  console.log([`${what}: ${actual.length} rows; differences from the folder:`, ...different].join('\n'));
}

await Promise.all([archives, extracted].map((path) => mkdir(path)));
const tree = await makeTree(folder, Number(seed));
const archivers = webdataset === '' ? ARCHIVERS : [...ARCHIVERS, ...WEBDATASET];
const all: Packed[] = [];
for (const archiver of archivers) all.push(await packed(archiver, tree));
const inputs = all.flatMap(({ archive, unpacked }) => [archive, unpacked]);
const outcomes = await outcomesOf([...inputs, tree.other]);
const others = outcomes.get(tree.other) ?? [];
const [twice, plain] = [TWICE, PLAIN].map((name) => others.find(({ path }) => path === name));
if (twice === undefined || plain === undefined) throw new Error(`${tree.other} has too few rows`);
for (const { archiver, archive, unpacked } of all) {
  const expected = expectedOf(archiver, { inFolder: outcomes.get(unpacked) ?? [], twice, plain });
  compare(archiver.name, expected, outcomes.get(archive) ?? []);
}
failures += await compareMemory(folder);
console.log(`${all.length} archives, ${rows} rows, seed ${seed}: ${failures} failures`);
process.exitCode = failures > 0 ? 1 : 0;
