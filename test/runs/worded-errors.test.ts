import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '../../src/errors.js';
import { FileItem } from '../../src/file-item.js';
import type { Item } from '../../src/item.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { type OpenOutput, openDestination } from '../../src/runs/destination.js';
import { findRun, findRunToRetry } from '../../src/runs/find-run.js';
import { previewOutputs, previewPlan } from '../../src/runs/output-preview.js';
import type { OutputMode } from '../../src/runs/plan.js';
import { checkFiles } from '../../src/runs/verify.js';
import { ItemFinder } from '../../src/sources/item-finder.js';
import { Collector, FACTS, failed, inFolder } from '../outputs/scratch.js';
import { watchFsCalls } from '../support/fs-calls.js';
import { FEATURES, madeUpRun, Stopped } from '../support/made-up-run.js';

const LAYOUT = embedLayout({ format: FORMATS.jsonl, dtype: 'float32', shape: [FEATURES] });
const NAME = 'out.jsonl';
const PATHS = ['a', 'b', 'c', 'd'];

/** What a case works on: its own output, and a wrapper that makes one file system call fail in an action. */
interface Try {
  readonly output: string;
  readonly failing: <T>(action: () => Promise<T>) => Promise<T>;
}

/** Writes an output of all paths, or one that is interrupted after so many rows. */
async function written(output: string, rows?: number): Promise<void> {
  const run = madeUpRun({
    outputs: [{ output, layout: LAYOUT }],
    mode: 'new',
    paths: PATHS,
    ...(rows && { rows }),
  });
  if (rows === undefined) await run;
  else await assert.rejects(run, Stopped);
}

async function* itemsOf(paths: readonly string[]): AsyncGenerator<Item> {
  for (const path of paths) yield new FileItem(path);
}

const jobOf = (output: string, mode: OutputMode) => ({
  outputs: [{ output, arrangement: LAYOUT.arrangement, command: 'embed' }],
  mode,
  stdout: new Collector(),
  checkpointSeconds: 1000,
});

const opened = (output: string, mode: OutputMode) => openDestination(jobOf(output, mode));

async function started(destination: Awaited<ReturnType<typeof opened>>, paths = PATHS): Promise<OpenOutput> {
  const found = await destination.open({
    layouts: [{ layout: LAYOUT }],
    fingerprint: () => ({ salt: 0 }),
    onNote: () => {},
    findItems: new ItemFinder(),
    items: itemsOf(paths),
    walkAgain: () => itemsOf(paths),
  });
  assert.ok('sink' in found);
  return found;
}

/** Starts a run that reuses rows of a finished one, and passes it to an action. */
async function synced(output: string, action: (run: OpenOutput) => Promise<void>): Promise<void> {
  await written(output);
  const destination = await opened(output, 'sync');
  const run = await started(destination, ['new', ...PATHS]);
  try {
    await action(run);
  } finally {
    await run.close();
    await run.sink.leave().catch(() => {});
    await destination.release();
  }
}

const drained = async (items: AsyncIterable<unknown>) => {
  for await (const _ of items);
};

/** Leaves a complete run whose files do not have their final names yet. */
async function complete(output: string): Promise<void> {
  const destination = await opened(output, 'new');
  const { sink } = await started(destination);
  for (const path of PATHS) await sink.write(failed(path));
  await mkdir(output); // in the way
  await assert.rejects(sink.commit(FACTS));
  await sink.leave();
  await destination.release();
  await rename(output, `${output}.away`);
}

/** What other rooms call, and whether its errors are about reading or also about writing. */
const CASES: Readonly<Record<string, readonly ['read' | 'read|write', (one: Try) => Promise<unknown>]>> = {
  findRun: [
    'read',
    async ({ output, failing }) => {
      await written(output);
      await failing(() => findRun(output));
    },
  ],
  'findRunToRetry, of a run without its final names,': [
    'read',
    async ({ output, failing }) => {
      await complete(output);
      await failing(() => findRunToRetry(output));
    },
  ],
  checkFiles: [
    'read',
    async ({ output, failing }) => {
      await written(output);
      const { place, manifest } = await findRun(output);
      await failing(() => drained(checkFiles(place, manifest)));
    },
  ],
  previewOutputs: [
    'read|write',
    async ({ output, failing }) => {
      await written(output, 2);
      await failing(() => previewOutputs(jobOf(output, 'resume'), undefined));
    },
  ],
  previewPlan: [
    'read',
    async ({ output, failing }) => {
      await written(output, 2);
      const foreseen = await previewOutputs(jobOf(output, 'resume'), undefined);
      const walk = () => itemsOf(PATHS);
      await failing(() => previewPlan(foreseen, 'resume', () => ({ salt: 0 }), walk));
    },
  ],
  'a run that takes rows over': [
    'read|write',
    async ({ output, failing }) => {
      await written(output);
      const run = { outputs: [{ output, layout: LAYOUT }], mode: 'sync', paths: ['new', ...PATHS] } as const;
      await failing(() => madeUpRun(run));
    },
  ],
  'the items of a run that takes rows over': [
    'read',
    ({ output, failing }) => synced(output, ({ items }) => failing(() => drained(items))),
  ],
  'the leaving of a run': [
    'read|write',
    ({ output, failing }) =>
      synced(output, async ({ sink }) => {
        await failing(() => sink.leave());
      }),
  ],
};

/**
 * Repeats a case, each time with the next file system call failing.
 * @returns the errors that the actions threw
 */
async function errorsOf(
  attempt: (one: Try) => Promise<unknown>,
  folder: string,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  let reached = true;
  for (let index = 0; reached; index++) {
    const own = join(folder, String(index));
    await mkdir(own);
    let left = index;
    const failing = async <T>(action: () => Promise<T>) => {
      const restore = watchFsCalls(own, ({ kind }) => {
        if (kind === 'close' || left-- !== 0) return undefined;
        return { error: Object.assign(new Error('EIO: injected'), { code: 'EIO' }) };
      });
      try {
        return await action();
      } catch (error) {
        errors.push(error);
        throw error;
      } finally {
        restore();
      }
    };
    await attempt({ output: join(own, NAME), failing }).catch((error) => assert.equal(error, errors.at(-1)));
    reached = left < 0;
  }
  return errors;
}

describe('a file system error', () => {
  for (const [name, [deed, attempt]] of Object.entries(CASES)) {
    it(
      `in ${name} states which output cannot be ${deed === 'read' ? 'read' : 'read or written'}, and why`,
      inFolder(async (folder) => {
        const errors = await errorsOf(attempt, folder);
        assert.ok(errors.length > 0);
        for (const error of errors) {
          assert.ok(error instanceof OutputError, `${error}`);
          const why = '(injected$|no permission to write in )';
          assert.match(error.message, new RegExp(`^cannot (${deed}) .*${NAME}: ${why}`));
        }
      }),
    );
  }
});
