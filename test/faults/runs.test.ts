import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HalonetError } from '../../src/errors.js';
import { inFolder } from '../outputs/scratch.js';
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
  wrongUnderFinalNames,
} from '../support/run-scenarios.js';
import { oneInFor, triedOf } from '../support/sampling.js';
import { failEveryCall, type Outcome, type Trial } from './every-call.js';

describe('runs with failing file system calls', () => {
  for (const outputs of OUTPUTS) {
    for (const { before, attempt, again, old, ...scenario } of SCENARIOS) {
      it(
        `${scenario.name} to ${nameOf(outputs)} leaves no wrong rows`,
        inFolder(async (scratch) => {
          const runTo = (folder: string) => runIn(folder, outputs);
          const filesOf = async (run: Run, place: string) => {
            await makeFolders(join(scratch, place), outputs);
            await runTo(join(scratch, place))({ ...run, mode: 'new' });
            return readOutputFiles(join(scratch, place));
          };
          const expected = await filesOf(attempt, 'expected');
          const earlier = old && (await filesOf(old, 'old'));
          const oneIn = oneInFor(Object.keys(outputs).length);
          const trial: Trial = {
            prepare: async (folder) => {
              await makeFolders(folder, outputs);
              if (old !== undefined) await runTo(folder)(old);
              await before?.(runTo(folder), folder);
            },
            attempt: (folder) => runTo(folder)({ ...attempt, pauses: true }),
            check: async (outcome) => {
              checkError(outcome);
              assert.deepEqual(await openFiles(outcome.folder), []);
              const files = await readOutputFiles(outcome.folder);
              assert.deepEqual(wrongUnderFinalNames(outputs, files, expected, earlier), []);
              if (outcome.error === undefined) assert.deepEqual(missingFrom(files, expected), []);
              // In practice, a lock that could not be removed belongs to a dead process, but this one is alive.
              await removeLocks(outcome.folder, outputs);
              await runTo(outcome.folder)({ ...attempt, mode: again });
              assert.deepEqual(wrongAtTheEnd(await readOutputFiles(outcome.folder), expected), []);
            },
          };
          const { faults, unreached } = await failEveryCall(trial, oneIn);
          assert.ok(faults > triedOf(50, oneIn), `only ${faults} faults`);
          // The number of checkpoints, and so of calls, depends on how busy the machine is.
          assert.ok(
            unreached < Math.max(3, faults / 4),
            `${unreached} calls of ${faults + unreached} were not made`,
          );
        }),
      ).timeout(3_600_000);
    }
  }
});

/** Files under a folder that this process has open; none on systems without /proc. */
async function openFiles(folder: string): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const paths = await Promise.all(
    descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return paths.filter((path) => path.startsWith(folder));
}

function checkError({ fault, error }: Outcome): void {
  if (error === undefined) return;
  assert.ok(error instanceof HalonetError, `not an error for people: ${error}`);
  assert.ok(error.hint !== undefined, `an error without a hint: ${error.message}`);
  assert.notEqual(fault?.code, 'short', 'a short write was not gone on with');
}
