import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import process, { pid, platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileItem } from '../../src/file-item.js';
import { decodeImage } from '../../src/images/decode.js';
import { type Decoder, openDecoder } from '../../src/images/decoder.js';
import type { OpenItem } from '../../src/item.js';
import { ShortageError } from '../../src/shortage.js';
import { MemoryItem } from '../support/memory-item.js';
import { childrenRunning, describeProcess } from '../support/processes.js';
import { TIME_LIMIT } from '../support/time-limit.js';
import { emptyChunksPng } from './endless.js';
import { endlessSvg, gifOf, slowSvg, svg, zeroPng } from './hostile.js';
import { HALONET, photo, temporaryFolder } from './support.js';

/** Lists the decoding processes that a process started and that have used at least this much CPU time. */
function decodingProcesses(parent: number, seconds = 0): readonly number[] {
  return childrenRunning('decode-process.js', parent)
    .filter((child) => child.seconds >= seconds)
    .map((child) => child.pid);
}

const FILE_ITEM = new URL('../../src/file-item.js', import.meta.url).href;

const MIB = 2 ** 20;

const DECODING = 0.6; // seconds of CPU time: more than starting takes

/** Waits for a condition; mocha's timeout ends the wait. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

// Elsewhere there is no /proc to inspect the decoding process with.
if (platform === 'linux') {
  describe('openDecoder', () => {
    const folder = temporaryFolder();
    let decoder: Decoder;
    beforeEach(() => {
      decoder = openDecoder(HALONET, { timeout: 60 });
    });
    afterEach(() => decoder.close());

    const drawing = () => folder.write('drawing.svg', svg('<rect width="30" height="30" fill="#369"/>'));
    const failure = async (path: string) => {
      const image = await decoder.decode(new FileItem(path));
      assert.ok(image.status === 'failed');
      return { code: image.failure.code, message: image.failure.message, bytes: image.file?.bytes };
    };

    /** Kills the decoding process once it works on an image. */
    const killWhileDecoding = async (signal: NodeJS.Signals) => {
      await until(() => decodingProcesses(pid, DECODING).length === 1);
      const killed = decodingProcesses(pid);
      for (const child of killed) process.kill(child, signal);
      await until(() => !decodingProcesses(pid).some((child) => killed.includes(child)));
    };

    it('rejects, instead of blaming the image, if no process can be started', async () => {
      decoder = openDecoder(HALONET, { timeout: 60 });
      process.env.NODE_OPTIONS = '--import=data:text/javascript,process.exit(3)';
      try {
        await assert.rejects(decoder.decode(new FileItem(await drawing())), ShortageError);
      } finally {
        delete process.env.NODE_OPTIONS;
      }
      assert.equal((await decoder.decode(new FileItem(await drawing()))).status, 'ok');
    });

    it('does not count the time that an image takes to come within reach', async () => {
      decoder = openDecoder(HALONET, { timeout: 3, isolated: ({ id }) => id === 'apart' });
      class FarItem extends MemoryItem {
        #isWithinReach = false;

        async reach(): Promise<void> {
          if (!this.#isWithinReach) await sleep(4000);
          this.#isWithinReach = true;
        }

        override open(): Promise<OpenItem> {
          assert.ok(this.#isWithinReach);
          return super.open();
        }
      }
      for (const id of ['here', 'apart']) {
        const item = new FarItem(id, await photo(30, 20).png().toBuffer());
        assert.equal((await decoder.decode(item)).status, 'ok');
      }
    });

    it('decodes as decodeImage does, in this process and in a separate one', async () => {
      decoder = openDecoder(HALONET, { timeout: 60, isolated: ({ id }) => id.endsWith('suspect.png') });
      const image = await photo(300, 200).png().toBuffer();
      for (const [path, apart] of [
        [await folder.write('photo.png', image), 0],
        [await folder.write('suspect.png', image), 1],
        [await drawing(), 1],
        [await folder.write('cut.svg', '<svg'), 1],
        [folder.path('none.png'), 1],
      ] as const) {
        const expected = await decodeImage(new FileItem(path), HALONET);
        assert.deepEqual(await decoder.decode(new FileItem(path)), expected, path);
        assert.equal(
          typeof expected.file?.modified,
          path === folder.path('none.png') ? 'undefined' : 'bigint',
        );
        assert.equal(decodingProcesses(pid).length, apart, path);
      }
      await decoder.close();
      assert.deepEqual(decodingProcesses(pid), []);
    });

    it('passes items in memory to the separate process, unless they are too large', async () => {
      const svgBytes = Buffer.from(svg('<rect width="30" height="30" fill="#369"/>'));
      for (const [item, apart] of [
        [new MemoryItem('photo', await photo(300, 200).png().toBuffer(), 5n), 0],
        [new MemoryItem('drawing', svgBytes, 7n), 1],
        [new MemoryItem('cut', Buffer.from('<svg'), 9n), 1],
      ] as const) {
        const expected = await decodeImage(item, HALONET);
        const decoded = await decoder.decode(item);
        assert.deepEqual(decoded, expected, item.id);
        assert.deepEqual(decoded.file, await item.identify());
        assert.equal(decodingProcesses(pid).length, apart, item.id);
      }
      const large = new MemoryItem('large', { byteLength: 2 ** 31 } as Uint8Array);
      await decoder.close();
      decoder = openDecoder(HALONET, { timeout: 60, isolated: () => true });
      const refused = await decoder.decode(large);
      assert.ok(refused.status === 'failed' && refused.failure.code === 'too_large');
      assert.equal(refused.file?.bytes, 2 ** 31);
    });

    it('times out on an item whose bytes never arrive, and continues', async () => {
      class Endless extends MemoryItem {
        override async open(): Promise<OpenItem> {
          return { identity: await this.identify(), read: () => new Promise(() => {}) };
        }
      }
      const endless = new Endless('endless', Buffer.alloc(9));
      for (const isolated of [false, true]) {
        await decoder.close();
        decoder = openDecoder(HALONET, { timeout: 0.5, isolated: () => isolated });
        const late = await decoder.decode(endless);
        assert.ok(late.status === 'failed' && late.failure.code === 'timeout');
      }
      assert.equal((await decoder.decode(new FileItem(await drawing()))).status, 'ok');
    });

    it('decodes images that may take long in the separate process', async () => {
      const large = zeroPng({ width: 6000, height: 6000, colourType: 6 });
      for (const path of [
        await folder.write('animation.gif', gifOf(400_000)),
        await folder.write('large.png', large),
        await folder.write('late.svg', `<!--${'x'.repeat(2000)}-->${svg('')}`),
        await folder.write('later.svg', `<!--${'x'.repeat(100_000)}-->${svg('')}`),
        await folder.write('chunks.png', emptyChunksPng(20_000)),
      ]) {
        assert.equal((await decoder.decode(new FileItem(path))).status, 'ok');
        assert.equal(decodingProcesses(pid).length, 1, path);
        await decoder.close();
        decoder = openDecoder(HALONET, { timeout: 60 });
      }
    });

    it('ends an image that takes too long, and continues', async () => {
      decoder = openDecoder(HALONET, { timeout: 1 });
      const endless = await folder.write('endless.svg', endlessSvg());
      const paths = [endless, await drawing(), endless];
      const images = await Promise.all(paths.map((path) => decoder.decode(new FileItem(path))));
      assert.deepEqual(
        images.map((image) => (image.status === 'failed' ? image.failure.message : image.status)),
        ['not decoded within 1 s', 'ok', 'not decoded within 1 s'],
      );
      assert.deepEqual(await failure(endless), {
        code: 'timeout',
        message: 'not decoded within 1 s',
        bytes: endlessSvg().length,
      });
    });

    it('survives a crash, and reports its signal', async () => {
      const failing = failure(await folder.write('endless.svg', endlessSvg()));
      await killWhileDecoding('SIGSEGV');
      assert.deepEqual(await failing, {
        code: 'crashed',
        message: 'the decoder crashed (SIGSEGV)',
        bytes: endlessSvg().length,
      });
      assert.equal((await decoder.decode(new FileItem(await drawing()))).status, 'ok');
    });

    it('retries an image alone if its process is killed', async () => {
      const slow = decoder.decode(new FileItem(await folder.write('slow.svg', slowSvg(0.3))));
      await killWhileDecoding('SIGKILL');
      let isOver = false;
      void slow.finally(() => {
        isOver = true;
      });
      await until(() => isOver || decodingProcesses(pid).length === 1);
      const small = await folder.write('small.png', await photo(64, 64).png().toBuffer());
      const order: string[] = [];
      await Promise.all([
        slow.then(({ status }) => order.push(`slow ${status}`)),
        decoder.decode(new FileItem(small)).then(({ status }) => order.push(`small ${status}`)),
      ]);
      assert.deepEqual(order, ['slow ok', 'small ok']);
    });

    it('reports a crash if the process is killed twice, and continues', async () => {
      const failing = failure(await folder.write('endless.svg', endlessSvg()));
      await killWhileDecoding('SIGKILL');
      await killWhileDecoding('SIGKILL');
      const { code, message } = await failing;
      assert.deepEqual(
        [code, message],
        ['crashed', 'the decoder crashed (SIGKILL, twice, the second time with nothing beside it)'],
      );
      const small = await folder.write('small.png', await photo(64, 64).png().toBuffer());
      for (const path of [small, await drawing()])
        assert.equal((await decoder.decode(new FileItem(path))).status, 'ok');
    });

    it('stops at once when its signal aborts, and starts nothing more', async () => {
      const controller = new AbortController();
      decoder = openDecoder(HALONET, { timeout: 60, signal: controller.signal });
      const endless = await folder.write('endless.svg', endlessSvg());
      const decoding = [decoder.decode(new FileItem(endless)), decoder.decode(new FileItem(await drawing()))];
      await until(() => decodingProcesses(pid, DECODING).length === 1);
      controller.abort();
      for (const image of await Promise.all(decoding)) assert.equal(image.status, 'failed');
      assert.deepEqual(decodingProcesses(pid), []);
    });

    it('does not blame an image for a process that died earlier', async () => {
      const path = await drawing();
      assert.equal((await decoder.decode(new FileItem(path))).status, 'ok');
      for (const child of decodingProcesses(pid)) process.kill(child, 'SIGKILL');
      assert.equal((await decoder.decode(new FileItem(path))).status, 'ok');
    });

    it('abandons a thread that takes too long, and decodes the next image in the separate process', async () => {
      // An exact decode would use the separate process for an image this large.
      const near = { ...HALONET, decode: 'near', maxPixels: 2 ** 30 } as const;
      decoder = openDecoder(near, { timeout: 1 });
      const long = zeroPng({ width: 16_384, height: 32_768, colourType: 2, bits: 16 }); // takes four seconds
      const path = await folder.write('long.png', long);
      assert.equal((await failure(path)).code, 'timeout');
      const small = await folder.write('small.png', await photo(64, 64).png().toBuffer());
      assert.deepEqual(
        await decoder.decode(new FileItem(small)),
        await decodeImage(new FileItem(small), near),
      );
      assert.equal(decodingProcesses(pid).length, 1);
    });

    it('leaves no decoding process behind when the main process is killed', async () => {
      const parent = await decodeElsewhere(await folder.write('endless.svg', endlessSvg()));
      const children = decodingProcesses(parent.pid ?? 0);
      const ended = once(parent, 'exit');
      parent.kill('SIGKILL');
      await ended;
      const isAlive = (child: number) => describeProcess(child)?.isZombie === false; // orphans may not be reaped here
      await until(() => !children.some(isAlive));
    });

    it('survives Ctrl-C, which the terminal sends to the decoding process too', async () => {
      const parent = await decodeElsewhere(await folder.write('slow.svg', slowSvg(0.3)));
      const answer = once(parent, 'message');
      process.kill(-(parent.pid ?? 0), 'SIGINT');
      assert.deepEqual(await answer, ['ok', undefined]);
    });

    it('ends an image that takes too much memory, and continues', async () => {
      const memory = { decoding: 256 * MIB, idle: Number.POSITIVE_INFINITY };
      decoder = openDecoder(HALONET, { timeout: 60, memory, isolated: () => true });
      const large = zeroPng({ width: 8000, height: 8000, colourType: 6 }); // takes some 450 MiB
      const path = await folder.write('large.png', large);
      assert.deepEqual(await failure(path), {
        code: 'too_large',
        message: 'its decoder takes more memory than the limit of 256 MiB',
        bytes: large.length,
      });
      assert.equal((await decoder.decode(new FileItem(await drawing()))).status, 'ok');
    });

    it('reuses its process for the next image, unless it holds too much memory when idle', async () => {
      const processesAfter = async (idle: number) => {
        const memory = { decoding: Number.POSITIVE_INFINITY, idle };
        decoder = openDecoder(HALONET, { timeout: 60, memory });
        const path = await drawing();
        assert.equal((await decoder.decode(new FileItem(path))).status, 'ok');
        const first = decodingProcesses(pid);
        assert.equal((await decoder.decode(new FileItem(path))).status, 'ok');
        const second = decodingProcesses(pid);
        await decoder.close();
        return [first, second];
      };
      assert.deepEqual(await processesAfter(MIB), [[], []]);
      const [first, second] = await processesAfter(Number.POSITIVE_INFINITY);
      assert.equal(first?.length, 1);
      assert.deepEqual(second, first);
    });

    /** Decodes an image in a process with its own group, which sends the status. Resolves once decoding has started. */
    async function decodeElsewhere(path: string): Promise<ChildProcess> {
      const script = folder.path('parent.mjs');
      const module = new URL('../../src/images/decoder.js', import.meta.url).href;
      await writeFile(
        script,
        `import { FileItem } from ${JSON.stringify(FILE_ITEM)};
        import { openDecoder } from ${JSON.stringify(module)};
        const [path, preprocessing] = JSON.parse(process.argv[2]);
        process.on('SIGINT', () => {});
        const decoder = openDecoder(preprocessing, { timeout: 600 });
        const { status } = await decoder.decode(new FileItem(path));
        process.send(status);
        await decoder.close();
        process.disconnect();`,
      );
      const parent = fork(script, [JSON.stringify([path, HALONET])], { ...TIME_LIMIT, detached: true });
      await until(() => decodingProcesses(parent.pid ?? 0, DECODING).length === 1);
      return parent;
    }
  });
}
