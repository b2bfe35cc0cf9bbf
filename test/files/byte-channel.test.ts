import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath, platform } from 'node:process';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { OutputClosedError, OutputError } from '../../src/errors.js';
import { openByteChannel } from '../../src/files/byte-channel.js';
import { Collector, inFolder } from '../outputs/scratch.js';
import { recordSteps } from '../support/recorded-steps.js';
import { TIME_LIMIT } from '../support/time-limit.js';

const HELLO = Buffer.from('hello\n');

function failingWith(code: string): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(`${code}: refused`), { code }));
    },
  });
}

/** An output that accepts no bytes: /dev/full on Linux, a failing stream elsewhere. */
const FULL =
  platform === 'linux'
    ? { output: '/dev/full', stdout: new Collector() }
    : { output: '-', stdout: failingWith('ENOSPC') };

describe('a byte channel to a file', () => {
  it(
    'creates the file on commit, with all of its bytes',
    inFolder(async (folder) => {
      const output = join(folder, 'a.csv');
      const channel = await openByteChannel({ output, overwrite: false, stdout: new Collector() });
      await channel.write(HELLO);
      const [temporary, ...others] = await readdir(folder);
      assert.match(String(temporary), /^\.a\.csv\.\d+-[0-9a-f]+\.tmp$/);
      assert.deepEqual(others, []);
      await channel.write(HELLO);
      await channel.commit();
      assert.deepEqual(await readdir(folder), ['a.csv']);
      assert.equal(await readFile(output, 'utf8'), 'hello\nhello\n');
    }),
  );

  it(
    'keeps the existing file until commit, and after abort',
    inFolder(async (folder) => {
      const output = join(folder, 'a.csv');
      await writeFile(output, 'old');
      const options = { output, overwrite: true, stdout: new Collector() };
      const aborted = await openByteChannel(options);
      await aborted.write(HELLO);
      await aborted.abort();
      assert.deepEqual(await readdir(folder), ['a.csv']);
      assert.equal(await readFile(output, 'utf8'), 'old');
      const committed = await openByteChannel(options);
      await committed.write(HELLO);
      assert.equal(await readFile(output, 'utf8'), 'old');
      await committed.commit();
      assert.equal(await readFile(output, 'utf8'), 'hello\n');
    }),
  );

  it(
    'refuses to replace a file that appeared in the meantime',
    inFolder(async (folder) => {
      const output = join(folder, 'a.csv');
      const channel = await openByteChannel({ output, overwrite: false, stdout: new Collector() });
      await writeFile(output, 'other');
      await assert.rejects(channel.commit(), /already exists/);
      await channel.abort();
      assert.deepEqual(await readdir(folder), ['a.csv']);
      assert.equal(await readFile(output, 'utf8'), 'other');
    }),
  );

  it(
    'syncs the file before renaming it, and the folder before commit returns',
    inFolder(async (folder) => {
      const steps = recordSteps(folder);
      try {
        const channel = await openByteChannel({
          output: join(folder, 'a.csv'),
          overwrite: false,
          stdout: new Collector(),
        });
        const [temporary] = await readdir(folder);
        await channel.write(HELLO);
        await channel.commit();
        assert.deepEqual(steps.take(), [
          ...[`write ${temporary}`, `sync ${temporary}`, `rename ${temporary} to a.csv`, 'sync .'],
        ]);
      } finally {
        steps.stop();
      }
    }),
  );

  it(
    'gives the file the permissions of any new file',
    inFolder(async (folder) => {
      const output = join(folder, 'a.csv');
      const channel = await openByteChannel({ output, overwrite: false, stdout: new Collector() });
      await channel.commit();
      await writeFile(join(folder, 'plain'), '');
      assert.equal((await stat(output)).mode, (await stat(join(folder, 'plain'))).mode);
    }),
  );
});

describe('a byte channel to a full disk', () => {
  it('throws an OutputError with the output, the reason and a hint', async () => {
    const channel = await openByteChannel({ ...FULL, overwrite: false });
    await assert.rejects(channel.write(HELLO), (error) => {
      assert.ok(error instanceof OutputError && !(error instanceof OutputClosedError));
      assert.match(error.message, /cannot write (\/dev\/full|standard output): no space left on device$/);
      assert.match(String(error.hint), /Free some space/);
      return true;
    });
    await channel.abort();
  });
});

describe('a byte channel to standard output', () => {
  it('waits until the stream has taken the bytes', async () => {
    let take: (() => void) | undefined;
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        take = done;
      },
    });
    const channel = await openByteChannel({ output: '-', overwrite: false, stdout });
    let taken = false;
    const writing = channel.write(HELLO).then(() => {
      taken = true;
    });
    await new Promise(setImmediate);
    assert.equal(taken, false);
    take?.();
    await writing;
  });

  it('stays open after commit and abort', async () => {
    const stdout = new Collector();
    for (const end of ['commit', 'abort'] as const) {
      const channel = await openByteChannel({ output: '-', overwrite: false, stdout });
      await channel.write(HELLO);
      await channel[end]();
    }
    assert.equal(stdout.writableEnded, false);
    assert.equal(stdout.text, 'hello\nhello\n');
  });

  it('throws OutputClosedError when the reader has closed the pipe', async () => {
    const destroyed = new Collector();
    destroyed.destroy();
    for (const stdout of [failingWith('EPIPE'), destroyed]) {
      const channel = await openByteChannel({ output: '-', overwrite: false, stdout });
      await assert.rejects(channel.write(HELLO), OutputClosedError);
      await assert.rejects(channel.write(HELLO), OutputClosedError);
      await channel.abort();
    }
  });

  it('lets a process end quietly when a real pipe closes', async () => {
    const sink = new URL('../../src/files/byte-channel.js', import.meta.url).href;
    const program = `
      import { openByteChannel } from '${sink}';
      const channel = await openByteChannel({ output: '-', overwrite: false, stdout: process.stdout });
      try {
        for (;;) await channel.write(Buffer.from('row\\n'.repeat(1000)));
      } catch (error) {
        process.stderr.write(error.name);
        await channel.abort();
      }`;
    const child = spawn(execPath, ['--input-type=module', '-e', program], TIME_LIMIT);
    const stderr = readAll(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [status] = await once(child, 'close');
    assert.deepEqual([status, await stderr], [0, 'OutputClosedError']);
  });
});

describe('a byte channel to a named pipe', () => {
  it(
    'writes directly, without --overwrite',
    inFolder(async (folder) => {
      // Windows has no named pipes in folders: its null device stands in.
      const output = platform === 'win32' ? '\\\\.\\nul' : join(folder, 'pipe.csv');
      if (platform !== 'win32') await promisify(execFile)('mkfifo', [output]);
      const reading = platform === 'win32' ? 'hello\n' : readFile(output, 'utf8');
      const channel = await openByteChannel({ output, overwrite: false, stdout: new Collector() });
      await channel.write(HELLO);
      await channel.commit();
      assert.equal(await reading, 'hello\n');
    }),
  );
});
