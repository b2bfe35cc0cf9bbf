import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { lastDecoded } from '../../src/outputs/run/black-box.js';
import { halonet, ROOT, startHalonet } from '../support/cli.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1'];
const PHOTO = join(ROOT, 'fixtures/preprocess/chelsea.jpg');

describe('a run whose process dies of an image', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-crash-'));
    await mkdir(join(folder, 'photos'));
    await copyFile(PHOTO, join(folder, 'photos', 'a.jpg'));
    // Decoded by rows, in a thread of the process, for some seconds.
    const large = { width: 12_000, height: 12_000, channels: 3, background: '#336699' } as const;
    await sharp({ create: large })
      .png({ compressionLevel: 1 })
      .toFile(join(folder, 'photos', 'b.png'));
    await copyFile(PHOTO, join(folder, 'photos', 'c.jpg'));
  });
  after(() => rm(folder, { recursive: true }));
  const command = (output: string) => ['embed', 'photos', ...DEMO, '-o', output, '--checkpoint', '0'];

  it('names the image when it is gone on with, and decodes it in a process of its own', async () => {
    const child = startHalonet(command('e.npy'), { cwd: folder });
    const closed = once(child, 'close');
    const decoding = join(folder, 'e.npy.partial', 'decoding');
    while (!(await lastDecoded(decoding)).includes('photos/b.png')) await sleep(5);
    child.kill('SIGSEGV'); // as a decoder would
    assert.deepEqual((await closed)[1], 'SIGSEGV');
    const { code, stderr } = await halonet([...command('e.npy'), '--resume'], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /"photos\/b\.png".* being decoded when the last run died/);
    assert.equal((await halonet(command('whole.npy'), { cwd: folder })).code, 0);
    assert.deepEqual(await readFile(join(folder, 'e.npy')), await readFile(join(folder, 'whole.npy')));
  });
});
