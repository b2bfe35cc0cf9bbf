import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mulberry32 } from '../../src/random.js';
import { JOB_CASES } from '../support/job-cases.js';
import { reference } from '../support/lives.js';
import { fillWithImages } from '../support/mixed-images.js';
import { drawFault, failRun } from './failing-run.js';

const FAULTS = Number(process.env.HALONET_FAULTS ?? 100);
const SEED = Number(process.env.HALONET_SEED ?? 1);
const IMAGES = 32;
const AT_ONCE = 2; // runs
const MOST_TRIALS = 3; // per fault: some runs end before theirs
const RESUMED = 0.5; // of the faults hit a run that resumes a killed one

describe(`runs with ${FAULTS} file system faults, seed ${SEED}`, () => {
  let folder: string;
  let images: string;
  let somethingWrong = false;
  const failed: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-faults-'));
    images = join(folder, 'images');
    await fillWithImages(images, IMAGES, SEED);
  });
  after(async () => {
    const names = failed.map((call) => call.split(' ')[0] ?? '');
    const counts = [...new Set(names)].map(
      (name) => `${name} ${names.filter((other) => other === name).length}`,
    );
    console.log(`  ${failed.length} faults: ${counts.join(', ')}`);
    if (somethingWrong) console.log(`  what is wrong is left in ${folder}`);
    else await rm(folder, { recursive: true });
  });

  JOB_CASES.forEach((job, number) => {
    const share = Math.ceil((FAULTS * (number + 1)) / JOB_CASES.length); // of the faults, up to and including this case
    it(`${job.name} loses no rows to a fault`, async () => {
      const place = join(folder, String(number));
      await mkdir(join(place, 'reference'), { recursive: true });
      const whole = await reference(job, [images], join(place, 'reference'));
      const random = mulberry32(SEED * 1000 + number);
      let tried = 0;
      const wrong: string[] = [];
      const tryFaults = async () => {
        while (failed.length < share && wrong.length === 0 && tried < MOST_TRIALS * FAULTS) {
          const own = join(place, String(tried++));
          const at = Math.floor(random() * whole.report.calls);
          const kill =
            random() < RESUMED ? ({ at, when: 'before', signals: ['SIGKILL'] } as const) : undefined;
          const fault = drawFault(random, whole);
          const end = await failRun({ job, inputs: [images], reference: whole, folder: own, kill, fault });
          failed.push(...end.calls.slice(0, 1));
          wrong.push(...end.wrong);
          if (end.wrong.length === 0) await rm(own, { recursive: true });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, tryFaults));
      somethingWrong ||= wrong.length > 0;
      assert.equal(wrong.join('\n'), '');
      assert.ok(failed.length >= share, `only ${failed.length} of ${share} faults came to pass`);
    });
  });
});
