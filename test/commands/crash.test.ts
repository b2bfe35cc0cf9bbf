import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { readSuspects } from '../../src/runs/black-box.js';
import { halonet, ROOT, startHalonet } from '../support/cli.js';
import { recordingDecodes } from '../support/decoding-preload.js';

const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1'];
const PHOTO = join(ROOT, 'fixtures/preprocess/chelsea.jpg');

describe('a run that crashed on an image', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-crash-'));
    await mkdir(join(folder, 'photos'));
    await copyFile(PHOTO, join(folder, 'photos', 'a.jpg'));
    // Takes a second or more to decode, but in a thread of the run's own process.
    const large = { width: 8000, height: 8000, channels: 3, background: '#336699' } as const;
    await sharp({ create: large })
      .png({ compressionLevel: 1 })
      .toFile(join(folder, 'photos', 'b.png'));
    await copyFile(PHOTO, join(folder, 'photos', 'c.jpg'));
  });
  after(() => rm(folder, { recursive: true }));
  const command = (output: string) => ['embed', 'photos', ...DEMO, '-o', output, '--checkpoint', '0'];

  it('names the image when resumed, and decodes it in a separate process', async () => {
    const record = join(folder, 'apart');
    await writeFile(record, '');
    const options = { cwd: folder, env: recordingDecodes(record) };
    const child = startHalonet(command('e.npy'), options);
    const closed = once(child, 'close');
    const decoding = join(folder, 'e.npy.partial', 'decoding');
    while (!(await readSuspects(decoding)).includes('photos/b.png')) await sleep(5);
    child.kill('SIGSEGV'); // as a crashing decoder would
    assert.deepEqual((await closed)[1], 'SIGSEGV');
    const suspects = await readSuspects(decoding);
    assert.equal(await readFile(record, 'utf8'), '');
    const { code, stderr } = await halonet([...command('e.npy'), '--resume'], options);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /"photos\/b\.png".* being decoded when the last run crashed/);
    const apart = (await readFile(record, 'utf8')).trimEnd().split('\n');
    assert.ok(apart.includes('photos/b.png'), `decoded apart: ${apart}`);
    for (const path of apart) assert.ok(suspects.includes(path), `${path} was no suspect`);
    assert.equal((await halonet(command('whole.npy'), { cwd: folder })).code, 0);
    assert.deepEqual(await readFile(join(folder, 'e.npy')), await readFile(join(folder, 'whole.npy')));
  });
});
