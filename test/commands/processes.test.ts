import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from 'node:process';
import { createInterface } from 'node:readline';
import { zeroPng } from '../images/hostile.js';
import { temporaryFolder } from '../images/support.js';
import { halonet, ROOT, startHalonet } from '../support/cli.js';
import { childrenRunning, describeProcess, threadsOf } from '../support/processes.js';
import { onSmallMachine } from '../support/small-machine.js';

const JOB = ['embed', '-', '--model', 'demo', '--device', 'cpu', '--decoders', '1', '--format', 'jsonl'];
const MIB = 2 ** 20;

// Other systems have no /proc.
if (platform === 'linux') {
  describe('the threads and processes of a run', () => {
    const folder = temporaryFolder();

    /** Inspects a run that has written the row of one image and waits for the next. */
    async function whileRunning<T>(
      image: string,
      flags: readonly string[],
      look: (pid: number) => T,
      options: Parameters<typeof startHalonet>[1] = {},
    ): Promise<T> {
      const child = startHalonet([...JOB, ...flags], options);
      const closed = once(child, 'close');
      child.stderr.resume();
      const rows = createInterface(child.stdout)[Symbol.asyncIterator]();
      child.stdin.write(`${image}\n`);
      const { value } = await rows.next();
      assert.equal(JSON.parse(String(value)).path, image);
      const seen = look(child.pid ?? 0);
      child.stdin.end();
      await closed;
      return seen;
    }

    it('include as many for inference as --threads asks for', async () => {
      const none = folder.path('none.png'); // a missing file, because decoding takes threads as well
      const threads = (count: number) => whileRunning(none, ['--threads', String(count)], threadsOf);
      assert.equal((await threads(7)) - (await threads(1)), 6);
    });

    it('keep pixel processes out of the process group that Ctrl-C reaches', async () => {
      const photo = folder.path('photo.jpg');
      await copyFile(join(ROOT, 'fixtures/preprocess/chelsea.jpg'), photo);
      const groups = (pid: number) => ({
        own: describeProcess(pid)?.group,
        others: childrenRunning('pixel-thread.js', pid).map(({ group }) => group),
      });
      const { own, others } = await whileRunning(photo, ['--threads', '1'], groups, {
        env: { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' },
        shell: 'ulimit -v 3000000 && exec "$@"', // kB, too little for the memory of a pixel thread
      });
      assert.equal(others.length, 1);
      assert.ok(!others.includes(own ?? 0), `all in group ${own}`);
    });

    it("fail an image that takes more than half of the machine's memory", async () => {
      const large = zeroPng({ width: 9000, height: 9000, colourType: 6 }); // takes some 600 MiB
      const path = await folder.write('large.png', large);
      const { code, stdout } = await halonet([...JOB, '--threads', '1'], {
        stdin: path,
        env: onSmallMachine(512 * MIB),
      });
      assert.equal(code, 1);
      assert.deepEqual(JSON.parse(stdout), {
        path,
        error: { code: 'too_large', message: 'its decoder takes more memory than the limit of 256 MiB' },
      });
    });
  });
}
