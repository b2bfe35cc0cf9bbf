import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { mulberry32, type Random } from '../../src/random.js';
import { type OutputFiles, readOutputFiles, wrongAtTheEnd } from '../support/output-files.js';
import { BEFORE_LIST, type Delivered, deliver, type Place } from './deliver.js';
import { type Entry, makeList } from './listed.js';
import { drawWay, listOf, type Way } from './way.js';

const WAYS = Number(process.env.HALONET_WAYS ?? 100);
const SEED = Number(process.env.HALONET_SEED ?? 1);
const AT_ONCE = 2;
const INTERRUPTED = 0.4; // the share of runs that a signal ends

describe(`a list sent in ${WAYS} ways through standard input, seed ${SEED}`, () => {
  let folder: string;
  let entries: readonly Entry[];
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-ways-'));
  });
  after(async () => {
    for (const [what, times] of [...counts].sort()) console.log(`  ${String(times).padStart(4)} ${what}`);
    await rm(folder, { recursive: true });
  });

  it('always gives the same output', async () => {
    entries = await makeList(join(folder, 'images'));
    const expected = await uncut(await makePlace('reference'));
    const random = mulberry32(SEED);
    const left = Array.from({ length: WAYS }, () => random() * 2 ** 32); // seeds
    const wrong: string[] = [];
    const take = async () => {
      for (let seed = left.pop(); seed !== undefined && wrong.length === 0; seed = left.pop()) {
        const own = await makePlace(String(left.length));
        wrong.push(...(await told(own, mulberry32(seed), expected)));
        await rm(own.folder, { recursive: true });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
    assert.equal(wrong.join('\n'), '');
  });

  async function makePlace(name: string): Promise<Place> {
    await mkdir(join(folder, name));
    return { images: join(folder, 'images'), folder: join(folder, name) };
  }

  /** Sends the command the whole list at once. */
  async function uncut(place: Place): Promise<OutputFiles> {
    const list = listOf(entries, { mark: '', end: '\n', last: '\n' });
    const piece = { bytes: list, rows: 0, awaited: false, pause: 0, stopped: false };
    const { code, stderr } = await deliver(place, { flags: [], pieces: [piece], signal: undefined });
    assert.equal(code, 1, stderr); // some are not images
    const paths = entries.flatMap((entry) => entry.paths);
    assert.deepEqual(await pathsIn(place.folder), [BEFORE_LIST, ...paths]);
    return readOutputFiles(place.folder);
  }

  /** Sends the command the list in some way, and again after a signal has ended it. @returns what is wrong */
  async function told(place: Place, random: Random, expected: OutputFiles): Promise<readonly string[]> {
    const ways: Way[] = [];
    for (;;) {
      const isWhole = random() >= INTERRUPTED;
      const way = drawWay(entries, random, isWhole);
      ways.push(way);
      const end = await deliver(place, way).catch(String);
      count(way.signal === undefined ? 'came to the end' : `ended by ${way.signal}`);
      const wrong = typeof end === 'string' ? [end] : wrongEnd(end, way);
      if (isWhole && wrong.length === 0)
        wrong.push(...wrongAtTheEnd(await readOutputFiles(place.folder), expected));
      if (wrong.length > 0) return [...wrong, ...ways.map((taken) => inWords(taken))];
      if (isWhole) return [];
    }
  }

  async function pathsIn(output: string): Promise<readonly string[]> {
    const rows: { readonly path: string }[] = parse(await readFile(join(output, 'x.index.csv')), {
      columns: true,
    });
    return rows.map(({ path }) => path);
  }
});

const EXIT_CODES: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** A signal kills the process if it arrives before the command handles it. */
function wrongEnd({ code, signal, stderr }: Delivered, way: Way): string[] {
  const isRight =
    way.signal === undefined ? code === 1 : signal === way.signal || code === EXIT_CODES[way.signal];
  return isRight ? [] : [`ended with ${signal ?? code}: ${stderr}`];
}

function inWords({ form, pieces, signal }: Way): string {
  const told = pieces.map(
    ({ bytes, awaited, pause, stopped }) =>
      `${JSON.stringify(bytes.toString('latin1'))}${awaited ? ', its rows' : ''}, ${stopped ? 'stopped for ' : ''}${pause.toFixed()} ms`,
  );
  return `    ${form}: ${[...told, signal ?? 'end'].join('; ')}`;
}
