import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import process, { pid, platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { decodeImage } from '../../src/images/decode.js';
import { type Decoder, openDecoder } from '../../src/images/decoder.js';
import { ShortageError } from '../../src/shortage.js';
import { emptyChunksPng } from './endless.js';
import { endlessSvg, gifOf, slowSvg, svg, zeroPng } from './hostile.js';
import { HALONET, photo, temporaryFolder } from './support.js';

const run = promisify(execFile);

/** The decoding processes that a process has started, of those that have computed for so many seconds. */
async function decodingProcesses(parent: number, seconds = 0): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,cputimes=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes('decode-process.js'))
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid, computed = 0]) => ppid === parent && computed >= seconds)
    .map(([child = 0]) => child);
}

const DECODING = 1; // second of computing, which is more than a start takes

/** Waits for what must come; mocha ends the wait. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

// ps elsewhere does not say for how long.
if (platform === 'linux') {
  describe('openDecoder', () => {
    const folder = temporaryFolder();
    let decoder: Decoder;
    afterEach(() => decoder.close());

    const drawing = () => folder.write('drawing.svg', svg('<rect width="30" height="30" fill="#369"/>'));
    const failure = async (path: string) => {
      const image = await decoder.decode(path);
      assert.ok(image.status === 'failed');
      return { code: image.failure.code, message: image.failure.message, bytes: image.file?.bytes };
    };

    /** Ends a process that has begun with an image. */
    const killWhileDecoding = async (signal: NodeJS.Signals) => {
      await until(async () => (await decodingProcesses(pid, DECODING)).length === 1);
      for (const child of await decodingProcesses(pid)) process.kill(child, signal);
    };

    it('rejects where no process can be started, which is no fault of the image', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      process.env.NODE_OPTIONS = '--import=data:text/javascript,process.exit(3)';
      try {
        await assert.rejects(decoder.decode(await drawing()), ShortageError);
      } finally {
        delete process.env.NODE_OPTIONS;
      }
      assert.equal((await decoder.decode(await drawing())).status, 'ok');
    });

    it('decodes as decodeImage does, in this process and in one of its own', async () => {
      decoder = openDecoder(HALONET, { timeout: 60, isolated: (path) => path.endsWith('suspect.png') });
      const image = await photo(300, 200).png().toBuffer();
      for (const [path, apart] of [
        [await folder.write('photo.png', image), 0],
        [await folder.write('suspect.png', image), 1],
        [await drawing(), 1],
        [await folder.write('cut.svg', '<svg'), 1],
        [folder.path('none.png'), 1],
      ] as const) {
        const expected = await decodeImage(path, HALONET);
        assert.deepEqual(await decoder.decode(path), expected, path);
        assert.equal(
          typeof expected.file?.modified,
          path === folder.path('none.png') ? 'undefined' : 'bigint',
        );
        assert.equal((await decodingProcesses(pid)).length, apart, path);
      }
      await decoder.close();
      assert.deepEqual(await decodingProcesses(pid), []);
    });

    it('takes what may last to its own process', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      const large = zeroPng({ width: 6000, height: 6000, colourType: 6 });
      for (const path of [
        await folder.write('animation.gif', gifOf(400_000)),
        await folder.write('large.png', large),
        await folder.write('late.svg', `<!--${'x'.repeat(2000)}-->${svg('')}`),
        await folder.write('later.svg', `<!--${'x'.repeat(100_000)}-->${svg('')}`),
        await folder.write('chunks.png', emptyChunksPng(20_000)),
      ]) {
        assert.equal((await decoder.decode(path)).status, 'ok');
        assert.equal((await decodingProcesses(pid)).length, 1, path);
        await decoder.close();
        decoder = openDecoder(HALONET, { timeout: 60 });
      }
    });

    it('ends what takes too long, and goes on', async () => {
      decoder = openDecoder(HALONET, { timeout: 1 });
      const endless = await folder.write('endless.svg', endlessSvg());
      const paths = [endless, await drawing(), endless];
      const images = await Promise.all(paths.map((path) => decoder.decode(path)));
      assert.deepEqual(
        images.map((image) => (image.status === 'failed' ? image.failure.message : image.status)),
        ['not decoded within 1 s', 'ok', 'not decoded within 1 s'],
      );
      assert.deepEqual(await failure(endless), {
        ...{ code: 'timeout', message: 'not decoded within 1 s', bytes: endlessSvg().length },
      });
    });

    it('survives a crash, and says by which signal', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      const failing = failure(await folder.write('endless.svg', endlessSvg()));
      await killWhileDecoding('SIGSEGV');
      assert.deepEqual(await failing, {
        ...{ code: 'crashed', message: 'the decoder crashed (SIGSEGV)', bytes: endlessSvg().length },
      });
      assert.equal((await decoder.decode(await drawing())).status, 'ok');
    });

    it('decodes once more, alone, what was killed by somebody else', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      const slow = decoder.decode(await folder.write('slow.svg', slowSvg()));
      await killWhileDecoding('SIGKILL');
      let isOver = false;
      void slow.finally(() => {
        isOver = true;
      });
      await until(async () => isOver || (await decodingProcesses(pid)).length === 1);
      const small = await folder.write('small.png', await photo(64, 64).png().toBuffer());
      const order: string[] = [];
      await Promise.all([
        slow.then(({ status }) => order.push(`slow ${status}`)),
        decoder.decode(small).then(({ status }) => order.push(`small ${status}`)),
      ]);
      assert.deepEqual(order, ['slow ok', 'small ok']);
    });

    it('says so of what is killed twice', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      const failing = failure(await folder.write('endless.svg', endlessSvg()));
      await killWhileDecoding('SIGKILL');
      await killWhileDecoding('SIGKILL');
      const { code, message } = await failing;
      assert.deepEqual(
        [code, message],
        ['crashed', 'the decoder crashed (SIGKILL, twice, the second time with nothing beside it)'],
      );
      const small = await folder.write('small.png', await photo(64, 64).png().toBuffer());
      for (const path of [small, await drawing()]) assert.equal((await decoder.decode(path)).status, 'ok');
    });

    it('ends at once when its signal aborts, and starts nothing more', async () => {
      const controller = new AbortController();
      decoder = openDecoder(HALONET, { timeout: 60, signal: controller.signal });
      const endless = await folder.write('endless.svg', endlessSvg());
      const decoding = [decoder.decode(endless), decoder.decode(await drawing())];
      await until(async () => (await decodingProcesses(pid, DECODING)).length === 1);
      controller.abort();
      for (const image of await Promise.all(decoding)) assert.equal(image.status, 'failed');
      assert.deepEqual(await decodingProcesses(pid), []);
    });

    it('does not blame an image for a process that ended before it', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      const path = await drawing();
      assert.equal((await decoder.decode(path)).status, 'ok');
      for (const child of await decodingProcesses(pid)) process.kill(child, 'SIGKILL');
      assert.equal((await decoder.decode(path)).status, 'ok');
    });

    it('gives up a thread that takes too long, and decodes elsewhere until it is free', async () => {
      decoder = openDecoder({ ...HALONET, decode: 'near' }, { timeout: 0.3 }); // exact decodes so large an image apart
      const long = zeroPng({ width: 16_383, height: 16_383, colourType: 2, bits: 16 }); // two seconds
      const path = await folder.write('long.png', long);
      assert.equal((await failure(path)).code, 'timeout');
      const small = await folder.write('small.png', await photo(64, 64).png().toBuffer());
      assert.deepEqual(await decoder.decode(small), await decodeImage(small, { ...HALONET, decode: 'near' }));
      assert.equal((await decodingProcesses(pid)).length, 1);
    });

    it('leaves no process behind when its own is killed', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      const script = folder.path('parent.mjs');
      const module = new URL('../../src/images/decoder.js', import.meta.url).href;
      await writeFile(
        script,
        `import { openDecoder } from ${JSON.stringify(module)};
        const [path, preprocessing] = JSON.parse(process.argv[2]);
        openDecoder(preprocessing, { timeout: 60 }).decode(path);`,
      );
      const path = await folder.write('endless.svg', endlessSvg());
      const parent = fork(script, [JSON.stringify([path, HALONET])]);
      let children: number[] = [];
      await until(async () => {
        children = await decodingProcesses(parent.pid ?? 0, DECODING);
        return children.length > 0;
      });
      const ended = once(parent, 'exit');
      parent.kill('SIGKILL');
      await ended;
      await until(async () => {
        const { stdout } = await run('ps', ['-A', '-o', 'pid=,stat=']);
        const alive = stdout.split('\n').filter((line) => !line.includes('Z')); // nobody may wait for orphans here
        return !alive.some((line) => children.includes(Number.parseInt(line, 10)));
      });
    });
  });
}
