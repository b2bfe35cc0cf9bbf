import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../../src/files/whole-file.js';
import { Collector, inFolder } from '../outputs/scratch.js';
import { readOutputFiles, wrongAtTheEnd } from '../support/output-files.js';
import {
  makeFolders,
  missingFrom,
  nameOf,
  OUTPUTS,
  type Run,
  removeLocks,
  runIn,
  SCENARIOS,
  type Scenario,
  whole,
  wrongUnderFinalNames,
} from '../support/run-scenarios.js';
import { oneInFor, triedOf } from '../support/sampling.js';
import { losePowerAtEveryMoment, type Trial } from './every-power-loss.js';

const ALL = 1; // tries every moment, where there are few

const LEFT: Scenario = { name: 'a run that is left', attempt: { ...whole, rows: 5 }, again: 'resume' };

describe('runs with a power loss at any moment', () => {
  for (const outputs of OUTPUTS) {
    for (const { before, attempt, again, old, ...scenario } of [...SCENARIOS, LEFT]) {
      it(
        `${scenario.name} to ${nameOf(outputs)} keeps its recorded rows`,
        inFolder(async (scratch) => {
          const runTo = (folder: string) => runIn(folder, outputs);
          const { rows: stopsAfter, ...complete } = attempt;
          const filesOf = async (run: Run, place: string) => {
            await makeFolders(join(scratch, place), outputs);
            await runTo(join(scratch, place))({ ...run, mode: 'new' });
            return readOutputFiles(join(scratch, place));
          };
          const expected = await filesOf(complete, 'expected');
          const earlier = old && (await filesOf(old, 'old'));
          const oneIn = oneInFor(Object.keys(outputs).length);
          const trial: Trial = {
            prepare: async (folder) => {
              await makeFolders(folder, outputs);
              if (old !== undefined) await runTo(folder)(old);
              await before?.(runTo(folder), folder);
            },
            attempt: (folder) => runTo(folder)({ ...attempt, pauses: true }),
            check: async ({ folder, ended, rows }) => {
              const files = await readOutputFiles(folder);
              assert.deepEqual(wrongUnderFinalNames(outputs, files, expected, earlier), []);
              if (ended && stopsAfter === undefined) assert.deepEqual(missingFrom(files, expected), []);
              // After a power loss, the process of a lock is gone, but this one is alive.
              await removeLocks(folder, outputs);
              // A run that replaces another resumes as usual once it has rows.
              const mode = again === 'overwrite' && rows > 0 ? 'resume' : again;
              const computed = await runTo(folder)({ ...complete, mode });
              const kept = Math.max(rows, ended ? (stopsAfter ?? 0) : 0);
              assert.ok(
                computed <= complete.paths.length - kept,
                `${computed} rows computed again, though ${kept} of ${complete.paths.length} were vouched for`,
              );
              assert.deepEqual(wrongAtTheEnd(await readOutputFiles(folder), expected), []);
            },
          };
          const losses = await losePowerAtEveryMoment(trial, oneIn);
          assert.ok(losses > triedOf(20, oneIn), `only ${losses} losses of power`);
        }),
      ).timeout(3_600_000);
    }
  }
});

describe('writeWholeFile with a power loss at any moment', () => {
  const [OLD, NEW] = [Buffer.from('old'), Buffer.alloc(100_000, 'new')];

  for (const old of [undefined, OLD]) {
    it(`leaves the file complete or ${old === undefined ? 'absent' : 'unchanged'}`, async () => {
      const options = { overwrite: old !== undefined, stdout: new Collector() };
      const losses = await losePowerAtEveryMoment(
        {
          prepare: async (folder) => {
            if (old !== undefined) await writeFile(join(folder, 'model.onnx'), old);
          },
          attempt: (folder) => writeWholeFile(NEW, { ...options, output: join(folder, 'model.onnx') }),
          check: async ({ folder, ended }) => {
            const found = await readFile(join(folder, 'model.onnx')).catch(() => undefined);
            const expected = ended || found?.byteLength === NEW.byteLength ? NEW : old;
            assert.deepEqual(found, expected);
          },
        },
        ALL,
      );
      assert.ok(losses > 15, `only ${losses} losses of power`);
    });
  }
});
