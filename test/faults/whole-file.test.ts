import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HalonetError } from '../../src/errors.js';
import { writeWholeFile } from '../../src/files/whole-file.js';
import { Collector } from '../outputs/scratch.js';
import { failEveryCall } from './every-call.js';

const NAME = 'model.onnx';
const BYTES = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251);
const ALL = 1; // tries every call, since there are few
const OLD = Uint8Array.of(1, 2, 3);

/** The file, or undefined if there is none. The folder may also hold temporary files that could not be removed. */
async function found(folder: string): Promise<Uint8Array | undefined> {
  const names = await readdir(folder);
  assert.ok(
    names.every((name) => name === NAME || name.startsWith('.')),
    `${names} in the folder`,
  );
  return names.includes(NAME) ? readFile(join(folder, NAME)) : undefined;
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;
}

describe('writeWholeFile with failing file system calls', () => {
  for (const old of [undefined, OLD]) {
    it(`leaves the file complete or ${old === undefined ? 'absent' : 'unchanged'}`, async function () {
      this.timeout(120_000);
      const options = { overwrite: old !== undefined, stdout: new Collector() };
      const { faults, unreached } = await failEveryCall(
        {
          prepare: async (folder) => {
            if (old !== undefined) await writeFile(join(folder, NAME), old);
          },
          attempt: (folder) => writeWholeFile(BYTES, { ...options, output: join(folder, NAME) }),
          check: async ({ folder, fault, error }) => {
            const bytes = await found(folder);
            assert.ok(isSame(bytes, BYTES) || isSame(bytes, old), `${bytes?.byteLength} bytes`);
            if (error === undefined)
              assert.ok(isSame(bytes, BYTES), 'went through, and the file is not there');
            else assert.ok(error instanceof HalonetError && error.hint !== undefined, `${error}`);
            if (fault === undefined || fault.code === 'short') assert.equal(error, undefined);
            await writeWholeFile(BYTES, { ...options, overwrite: true, output: join(folder, NAME) });
            assert.ok(isSame(await found(folder), BYTES), 'it cannot be written afterwards');
          },
        },
        ALL,
      );
      assert.ok(faults > 20, `only ${faults} faults`);
      assert.equal(unreached, 0);
    });
  }
});
