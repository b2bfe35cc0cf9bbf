import assert from 'node:assert/strict';
import { mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { platform } from 'node:process';
import { OutputError } from '../../src/errors.js';
import { ARRANGEMENTS } from '../../src/outputs/arrangement.js';
import { findOutput, runPlace, shownPath } from '../../src/runs/run-place.js';
import { inFolder, startRun, writeAll } from '../outputs/scratch.js';
import { OUTPUT_CASES } from './outputs.js';

const refusing = (pattern: RegExp) => (error: unknown) =>
  error instanceof OutputError && pattern.test(error.message) && error.hint !== undefined;

describe('findOutput', () => {
  it(
    'returns the paths of the files of a run, and creates nothing',
    inFolder(async (folder) => {
      const path = join(await realpath(folder), 'out');
      for (const arrangement of Object.values(ARRANGEMENTS)) {
        assert.deepEqual(await findOutput(join(folder, 'out'), arrangement), {
          kind: 'run',
          output: join(folder, 'out'),
          arrangement,
          path,
          lock: `${path}.lock`,
          partial: `${path}.partial`,
          ledger: `${path}.run.rows`,
          manifest: `${path}.run.json`,
        });
      }
      assert.deepEqual(await readdir(folder), []);
    }),
  );

  it(
    'returns the same place once an output exists',
    inFolder(async (folder) => {
      for (const { name, layout, rows } of OUTPUT_CASES) {
        const before = await findOutput(join(folder, name), layout.arrangement);
        await writeAll(await startRun(join(folder, name), layout), rows);
        assert.deepEqual(await findOutput(join(folder, name), layout.arrangement), before);
      }
    }),
  );

  it(
    'follows symbolic links, so a run is found by either name',
    inFolder(async (folder) => {
      await mkdir(join(folder, 'real'));
      await writeFile(join(folder, 'a.csv'), '');
      await symlink(join(folder, 'real'), join(folder, 'link'), 'dir');
      await symlink(join(folder, 'a.csv'), join(folder, 'link.csv'), 'file');
      const pathOf = async (name: string, layout: 'text' | 'folder') => {
        const place = await findOutput(join(folder, name), ARRANGEMENTS[layout]);
        return 'path' in place ? place.path : place.kind;
      };
      assert.equal(await pathOf('link', 'folder'), join(await realpath(folder), 'real'));
      assert.equal(await pathOf('link.csv', 'text'), join(await realpath(folder), 'a.csv'));
    }),
  );

  it(
    'streams only text to standard output and devices, and refuses a folder in place of a file',
    inFolder(async (folder) => {
      assert.deepEqual(await findOutput('-', ARRANGEMENTS.text), { kind: 'stdout' });
      if (process.platform !== 'win32') {
        assert.deepEqual(await findOutput('/dev/null', ARRANGEMENTS.text), {
          kind: 'device',
          path: '/dev/null',
        });
        await assert.rejects(findOutput('/dev/null', ARRANGEMENTS.matrix), refusing(/not a regular file/));
      }
      await mkdir(join(folder, 'a.index.csv'));
      await assert.rejects(
        findOutput(join(folder, 'a.npy'), ARRANGEMENTS.matrix),
        refusing(/a\.index\.csv is a folder/),
      );
      await mkdir(join(folder, 'b.classes.csv'));
      await findOutput(join(folder, 'b.npy'), ARRANGEMENTS.matrix); // which has no such file
      await assert.rejects(
        findOutput(join(folder, 'b.npy'), ARRANGEMENTS.scores),
        refusing(/b\.classes\.csv is a folder/),
      );
    }),
  );

  it(
    'refuses a folder for a file, a file for a folder, and a missing parent folder',
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(findOutput(folder, ARRANGEMENTS.text), refusing(/is a folder/));
      await assert.rejects(findOutput(join(folder, 'file'), ARRANGEMENTS.folder), refusing(/is a file/));
      for (const layout of ['text', 'matrix', 'folder'] as const) {
        await assert.rejects(
          findOutput(join(folder, 'no', 'such'), ARRANGEMENTS[layout]),
          refusing(/does not exist/),
        );
      }
    }),
  );

  it(
    'refuses a folder that holds anything but features and a run in progress',
    inFolder(async (folder) => {
      const fill = async (name: string, entries: readonly string[]) => {
        const output = join(folder, name);
        await mkdir(output);
        for (const entry of entries) await writeFile(join(output, entry), 'mine');
        return output;
      };
      for (const [i, name] of ['notes.txt', 'stage1.npy.bak', '.hidden', 'run.json'].entries()) {
        const output = await fill(`refused ${i}`, ['index.csv', name]);
        await assert.rejects(findOutput(output, ARRANGEMENTS.folder), refusing(new RegExp(`holds ${name}`)));
        assert.deepEqual((await readdir(output)).sort(), [name, 'index.csv'].sort());
      }
      const nested = await fill('nested', []);
      await mkdir(join(nested, 'stage1.npy'));
      await assert.rejects(findOutput(nested, ARRANGEMENTS.folder), refusing(/holds stage1\.npy/));
      const ours = await fill('ours', [
        'index.csv',
        'stage0.npy',
        'stage12.npy',
        '.partial',
        '.partial.next',
      ]);
      await findOutput(ours, ARRANGEMENTS.folder);
    }),
  );

  it('keeps the run in progress inside an output folder that is a mount point', async function () {
    if (platform === 'win32') this.skip(); // disks are not folders there
    const disk = platform === 'linux' ? '/proc' : '/dev';
    const place = await runPlace(disk, ARRANGEMENTS.folder, disk);
    assert.deepEqual([place.partial, place.manifest], [`${disk}/.partial`, `${disk}.run.json`]);
    const file = await runPlace(disk, ARRANGEMENTS.text, disk);
    assert.equal(file.partial, `${disk}.partial`);
  });
});

describe('shownPath', () => {
  const shown = (output: string, file: string, path = resolve(output)) =>
    shownPath({ output, path }, join(dirname(path), file));

  it('spells files as the user spelled the output', () => {
    for (const [output, file, expected] of [
      ['e.npy', 'e.npy', 'e.npy'],
      ['./e.npy', 'e.index.csv', './e.index.csv'],
      ['out/../e.npy', 'e.npy.run.json', 'out/../e.npy.run.json'],
      ['maps/', 'maps/stage1.npy', 'maps/stage1.npy'],
      ['maps/', 'maps.run.rows', 'maps.run.rows'],
      ['maps/stage1.npy', '', 'maps/'],
      ['stage1.npy', '', '.'],
    ] as const)
      assert.equal(shown(output, file), expected);
    assert.equal(shown('/a/e.npy', 'e.index.csv'), resolve('/a/e.index.csv'));
  });

  it('shows absolute paths of a link to elsewhere, and of a folder without a name', () => {
    assert.equal(shown('link.npy', 'e.index.csv', resolve('/b/e.npy')), resolve('/b/e.index.csv'));
    assert.equal(shown('.', 'x.run.json'), join(dirname(resolve('.')), 'x.run.json'));
  });
});
