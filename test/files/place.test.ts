import assert from 'node:assert/strict';
import { chmod, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { OutputError } from '../../src/errors.js';
import { openByteChannel } from '../../src/files/byte-channel.js';
import { findPlace } from '../../src/files/place.js';
import { Collector, inFolder } from '../outputs/scratch.js';
import { asNobody } from '../support/as-nobody.js';

/** Expects an OutputError whose message and hint together match every pattern. */
function refusal(...patterns: readonly RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof OutputError);
    for (const pattern of patterns) assert.match(`${error.message} ${error.hint}`, pattern);
    return true;
  };
}

describe('findPlace', () => {
  it(
    'follows symbolic links to a file that does not exist yet',
    inFolder(async (folder) => {
      await symlink('second.csv', join(folder, 'first.csv'));
      await symlink(join(folder, 'target.csv'), join(folder, 'second.csv'));
      const place = await findPlace(join(folder, 'first.csv'), false);
      assert.deepEqual(place, { kind: 'file', path: join(folder, 'target.csv') });
    }),
  );

  it(
    'resolves a new file to its absolute path',
    inFolder(async (folder) => {
      assert.deepEqual(await findPlace(`${folder}/x/../a.csv`, false).catch(String), {
        kind: 'file',
        path: join(folder, 'a.csv'),
      });
    }),
  );

  it(
    'refuses an existing file without --overwrite',
    inFolder(async (folder) => {
      const path = join(folder, 'a.csv');
      await writeFile(path, 'old');
      await assert.rejects(findPlace(path, false), refusal(/a\.csv already exists/, /--overwrite/));
      assert.deepEqual(await findPlace(path, true), { kind: 'file', path: await realpath(path) });
    }),
  );

  it(
    'follows a symbolic link to the file to overwrite',
    inFolder(async (folder) => {
      const path = join(await realpath(folder), 'a.csv');
      await writeFile(path, 'old');
      await symlink(path, join(folder, 'link.csv'));
      await assert.rejects(findPlace(join(folder, 'link.csv'), false), refusal(/--overwrite/));
      assert.deepEqual(await findPlace(join(folder, 'link.csv'), true), { kind: 'file', path });
    }),
  );

  it(
    'refuses a missing parent, with the command that creates it',
    inFolder(async (folder) => {
      const parent = join(folder, 'no', 'such');
      await assert.rejects(
        findPlace(join(parent, 'a.csv'), true),
        refusal(/does not exist/, new RegExp(`mkdir -p '${parent.replaceAll('\\', '\\\\')}'`)),
      );
    }),
  );

  it(
    'refuses a file as the parent',
    inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(findPlace(join(folder, 'file', 'a.csv'), true), refusal(/file is not a folder/));
    }),
  );

  it(
    'refuses a folder, existing or only named like one',
    inFolder(async (folder) => {
      await assert.rejects(
        findPlace(folder, true),
        refusal(
          /is a folder; expected a file /,
          new RegExp(`Name a file, such as ${folder}\\.csv or ${folder}\\.npy\\.$`),
        ),
      );
      await assert.rejects(findPlace('.', true, ['.csv']), refusal(/is a folder/, /such as results\.csv\.$/));
      await assert.rejects(
        findPlace('/', true, ['.csv']),
        refusal(/is a folder/, /such as \/results\.csv\.$/),
      );
      await assert.rejects(findPlace(`${folder}/new/`, true), refusal(/is a folder/, /\/new\.csv or /));
      await assert.rejects(findPlace('', true), refusal(/is a folder/));
    }),
  );

  it('recognises devices and descriptors, without --overwrite', async () => {
    assert.equal((await findPlace(devNull, false)).kind, 'device');
    assert.deepEqual(await findPlace('/dev/fd/63', false), { kind: 'device', path: '/dev/fd/63' });
  });

  it('treats - and /dev/stdout as standard output', async () => {
    assert.deepEqual(await findPlace('-', false), { kind: 'stdout' });
    assert.deepEqual(await findPlace('/dev/stdout', false), { kind: 'stdout' });
  });
});

const PLACE = new URL('../../src/files/place.js', import.meta.url).href;

describe('writing to an unwritable folder', () => {
  it(
    'fails with the name of the folder and a hint',
    inFolder(async (folder) => {
      await chmod(folder, 0o755);
      const parent = join(folder, 'read-only');
      await mkdir(parent);
      await chmod(parent, 0o555);
      const output = join(parent, 'a.csv');
      const said = await asNobody(
        `import { findPlace } from ${JSON.stringify(PLACE)};`,
        `await findPlace(${JSON.stringify(output)}, false).catch(({ message, hint }) => console.log(message, hint));`,
      );
      assert.equal(
        said,
        `cannot write ${output}: no permission to write in ${parent} Choose a folder that you may write in.\n`,
      );
    }),
  );

  it('fails even for root where nobody can create files', async function () {
    if (platform !== 'linux') this.skip(); // no /proc
    const options = { output: '/proc/a.csv', overwrite: false, stdout: new Collector() };
    await assert.rejects(
      openByteChannel(options),
      refusal(/^cannot write \/proc\/a\.csv/, /Choose (a|another) folder/),
    );
  });
});
