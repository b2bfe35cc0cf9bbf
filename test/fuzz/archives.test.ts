import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FAILURE_CODES } from '../../src/errors.js';
import { intactArchive, mutatedArchive, type NamedArchive } from './archives/mutated-archive.js';
import type { ArchiveOutcome, ItemOutcome } from './archives/read-archives.js';
import { archiveSeeds, CONTENTS } from './archives/seeds.js';
import { watchMemory } from './memory.js';

const COUNT = Number(process.env.HALONET_FUZZ_ARCHIVES ?? 2500);
const SEED = Number(process.env.HALONET_FUZZ_SEED ?? 1);
const PART = 500; // archives in one process
const LONGEST = 60_000; // ms for one archive, after which it counts as hanging
const HEAP = 160; // MiB of JavaScript values
const MEMORY = 600 * 2 ** 20; // bytes of a process: its code, the heap, and what an archive may ask for
const READER = fileURLToPath(new URL('./archives/read-archives.js', import.meta.url));

const CODES: ReadonlySet<string | undefined> = new Set(FAILURE_CODES);
const RIGHT = new Set(CONTENTS.map((bytes) => createHash('sha256').update(bytes).digest('hex')));

/** Reads archives one after the other in a process of its own. Its memory is limited, and watched. */
async function readAll(paths: readonly string[]) {
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP}`, READER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const memory = watchMemory(child.pid ?? 0);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const outcomes: ArchiveOutcome[] = [];
  for (const path of paths) {
    child.stdin.write(`${path}\n`);
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST);
    const { value } = await lines.next();
    clearTimeout(timer);
    if (value === undefined) {
      child.kill('SIGKILL');
      return { outcomes, peak: memory.stop(), ended: path };
    }
    outcomes.push(JSON.parse(value) as ArchiveOutcome);
  }
  child.stdin.end();
  return { outcomes, peak: memory.stop(), ended: undefined };
}

/** Returns what is wrong with the outcome of an archive. */
function wrongIn({ path, items, thrown }: ArchiveOutcome, { kind, keepsChecksums }: NamedArchive): string[] {
  const wrong = items.flatMap((item) => wrongItem(item, path));
  if (thrown !== undefined) wrong.push(`threw ${thrown}`);
  const isComplete = items.every(({ id, code }) => code === undefined || id !== path);
  const isChecked = kind === 'zip' || ((kind === 'gzip' || kind === 'zstd') && isComplete);
  if (keepsChecksums && isChecked) {
    const others = items.filter(({ sha256 }) => sha256 !== undefined && !RIGHT.has(sha256));
    wrong.push(...others.map(({ id }) => `${id} has bytes of no member`));
  }
  return wrong;
}

function wrongItem({ id, code, message, sha256 }: ItemOutcome, path: string): string[] {
  const isOne = CODES.has(code) !== (sha256 !== undefined);
  const isWorded =
    code === undefined || (message !== undefined && /^[^\r\n]+$/.test(message) && !message.includes(path));
  return isOne && isWorded && id.startsWith(path) ? [] : [`${id}: ${code} ${message}`];
}

describe(`${COUNT} mutated archives, seed ${SEED}`, () => {
  const seeds = archiveSeeds();
  let folder = '';
  let most = 0;
  const codes = new Map<string, number>();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-fuzz-archives-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
    const counts = [...codes].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
    console.log(`    items: ${counts.join(', ')}\n    memory: ${Math.round(most / 2 ** 20)} MiB at most`);
  });

  async function check(archives: readonly NamedArchive[]): Promise<void> {
    const paths: string[] = [];
    for (const { name, bytes } of archives) {
      paths.push(join(folder, name));
      await writeFile(join(folder, name), bytes);
    }
    const { outcomes, peak, ended } = await readAll(paths);
    most = Math.max(most, peak);
    const wrong = outcomes.flatMap((outcome, i) => wrongIn(outcome, archives[i] as NamedArchive));
    if (ended !== undefined) wrong.push(`${ended} ended its reader, or it hung`);
    if (peak > MEMORY) wrong.push(`took ${peak} bytes of memory`);
    for (const { items } of outcomes)
      for (const { code = 'read' } of items) codes.set(code, (codes.get(code) ?? 0) + 1);
    assert.equal(wrong.join('\n'), '');
    for (const path of paths) await rm(path);
  }

  it('are made from archives whose members can all be read', async () => {
    const intact = seeds
      .filter(({ kind, name }) => kind !== 'parquet' && name !== 'mixed')
      .map(intactArchive);
    await check(intact);
    assert.deepEqual([...codes], [['read', intact.length * CONTENTS.length]]);
  });

  for (let first = 0; first < COUNT; first += PART) {
    const count = Math.min(PART, COUNT - first);
    it(`${first} to ${first + count - 1} each give rows or named failures, in bounded memory`, () =>
      check(Array.from({ length: count }, (_, i) => mutatedArchive(SEED, first + i, seeds))));
  }
});
