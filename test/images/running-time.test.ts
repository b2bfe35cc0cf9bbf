import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import process, { platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { setRunningTimeout, withRunningTimeout } from '../../src/images/running-time.js';
import { TIME_LIMIT } from '../support/time-limit.js';
import { endlessSvg, svg, zeroPng } from './hostile.js';
import { HALONET, temporaryFolder } from './support.js';

/** Blocks this process, as if it were stopped. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('setRunningTimeout', () => {
  it('calls back once its time is over, unless cancelled', async () => {
    const begun = performance.now();
    let ended = false;
    const end = setRunningTimeout(50, () => {
      ended = true;
    });
    end();
    await new Promise<void>((resolve) => {
      setRunningTimeout(350, resolve);
    });
    assert.ok(performance.now() - begun >= 349);
    assert.equal(ended, false);
  });

  it('hardly counts time in which the process did not run', async () => {
    let isOver = false;
    const end = setRunningTimeout(500, () => {
      isOver = true;
    });
    await sleep(10);
    standStill(2000);
    await sleep(100);
    assert.equal(isOver, false);
    end();
  });

  it('handles pending events before it calls back', async () => {
    for (let i = 0; i < 20; i++) {
      const work = sleep(20, 'done'); // due after the limit, but before the process runs again
      const result = withRunningTimeout(10, work);
      standStill(40);
      assert.equal(await result, 'done');
    }
    assert.equal(await withRunningTimeout(10, sleep(500, 'done')), undefined);
  });
});

// Windows cannot stop a process.
if (platform !== 'win32') {
  describe('a decoder whose process was stopped', () => {
    const folder = temporaryFolder();

    /** Decodes in a process that is stopped, soon after it starts, for longer than an image may take. */
    async function decodeStopped(
      paths: readonly string[],
      seconds: number, // limit for each
    ): Promise<{ codes: string[]; ms: number }> {
      const script = folder.path('stopped.mjs');
      const module = new URL('../../src/images/decoder.js', import.meta.url).href;
      await writeFile(
        script,
        `import { FileItem } from ${JSON.stringify(new URL('../../src/file-item.js', import.meta.url).href)};
        import { openDecoder } from ${JSON.stringify(module)};
        const [paths, preprocessing, timeout] = JSON.parse(process.argv[2]);
        const decoder = openDecoder(preprocessing, { timeout });
        const begun = performance.now();
        const decoding = paths.map((path) => decoder.decode(new FileItem(path)));
        setTimeout(() => process.send('decoding'), 50);
        const images = await Promise.all(decoding);
        const codes = images.map((image) => image.failure?.code ?? image.status);
        process.send({ codes, ms: performance.now() - begun });
        await decoder.close();
        process.disconnect();`,
      );
      const child = fork(script, [JSON.stringify([paths, HALONET, seconds])], TIME_LIMIT);
      await once(child, 'message');
      process.kill(child.pid ?? 0, 'SIGSTOP');
      await sleep(1000 * (seconds + 1));
      process.kill(child.pid ?? 0, 'SIGCONT');
      const [result] = await once(child, 'message');
      await once(child, 'exit');
      return result;
    }

    it('does not count the pause as decoding time', async () => {
      const paths = await Promise.all([
        // Takes half a second, more on a busy machine.
        folder.write('long.png', zeroPng({ width: 8000, height: 8000, colourType: 2, bits: 16 })),
        folder.write('small.png', zeroPng({ width: 8, height: 8, colourType: 2 })),
        folder.write('apart.svg', svg('<rect width="9" height="9"/>')),
      ]);
      assert.deepEqual((await decodeStopped(paths, 4)).codes, ['ok', 'ok', 'ok']);
    });

    it('still ends an image that takes too long, in bounded time', async () => {
      const seconds = 1;
      const { codes, ms } = await decodeStopped([await folder.write('endless.svg', endlessSvg())], seconds);
      assert.deepEqual(codes, ['timeout']);
      assert.ok(ms < 1000 * (3 * seconds + 5), `${ms} ms`);
    });
  });
}
