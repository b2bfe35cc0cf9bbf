import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mulberry32 } from '../../src/random.js';
import { begin, KINDS } from './beginning.js';
import { PHASES } from './phase.js';
import { type Kill, tell } from './story.js';

const KILLS = Number(process.env.HALONET_KILLS ?? 200);
const SEED = Number(process.env.HALONET_SEED ?? 1);
const IMAGES = 48;
const AT_ONCE = 2; // runs
const MOST_STORIES = 3; // per kill: some runs end before theirs

describe(`runs with ${KILLS} kills, seed ${SEED}`, () => {
  let folder: string;
  let somethingWrong = false;
  const all: Kill[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-kills-'));
  });
  after(async () => {
    console.log(table(all));
    if (somethingWrong) console.log(`  what is wrong is left in ${folder}`);
    else await rm(folder, { recursive: true });
  });

  KINDS.forEach((kind, number) => {
    const place = (number + SEED) % KINDS.length; // fewer kills than kinds fall on others with each seed
    const upTo = (kinds: number) => Math.ceil((KILLS * kinds) / KINDS.length);
    const share = upTo(place + 1) - upTo(place); // of the kills
    if (share === 0) return;
    it(`${kind.name} ends as if never killed`, async () => {
      const stories = join(folder, String(number));
      const beginning = await begin(kind, stories, { images: IMAGES, seed: SEED });
      const random = mulberry32(SEED * 1000 + number);
      const own: Kill[] = [];
      let told = 0;
      const wrong: string[] = [];
      const tellStories = async () => {
        while (own.length < share && wrong.length === 0 && told < MOST_STORIES * KILLS) {
          const scratch = join(stories, String(told++));
          const story = await tell({
            beginning,
            folder: scratch,
            random: mulberry32(random() * 2 ** 32), // its own, so that the order in which stories end does not matter
          });
          own.push(...story.kills);
          wrong.push(...story.wrong);
          if (story.wrong.length === 0) await rm(scratch, { recursive: true });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, tellStories)).finally(beginning.close);
      all.push(...own);
      somethingWrong ||= wrong.length > 0;
      assert.equal(wrong.join('\n'), '');
      assert.ok(own.length >= share, `only ${own.length} of ${share} kills came before the end of a run`);
    });
  });
});

/** The number of kills in each phase, as a table for people. */
function table(kills: readonly Kill[]): string {
  const hows = [...new Set(kills.map(({ how }) => how))].sort();
  const count = (phase: string, how?: string) =>
    kills.filter((kill) => kill.phase === phase && (how === undefined || kill.how === how)).length;
  const line = (cells: readonly (string | number)[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(18) : String(cell).padStart(11))).join('')}`;
  return [
    `  ${kills.length} kills`,
    line(['', 'all', ...hows]),
    ...PHASES.map((phase) => line([phase, count(phase), ...hows.map((how) => count(phase, how))])),
  ].join('\n');
}
