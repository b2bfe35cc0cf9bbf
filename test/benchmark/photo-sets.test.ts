import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { generatedPhotos, photosIn } from '../../src/benchmark/photo-sets.js';
import { HALONET } from '../images/support.js';

const preprocessing = { ...HALONET, height: 32, width: 32 };
const options = { preprocessing, decoders: 2 };

describe('photo sets for benchmarks', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-photos-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('generates the same distinct JPEGs each time, with the bits per pixel of a photo', async () => {
    const size = { width: 640, height: 480, count: 2, jobs: ['exact'] } as const;
    const { photos, paths, jobs } = await generatedPhotos(folder, size);
    assert.deepEqual(jobs, ['exact']);
    const [first = Buffer.of(), second = Buffer.of()] = await Promise.all(
      paths.map((path) => readFile(path)),
    );
    assert.notDeepEqual(first, second);
    assert.deepEqual(photos, {
      name: '640×480',
      bytes: Math.round((first.length + second.length) / 2),
    });
    const { format, width, height, chromaSubsampling } = await sharp(first).metadata();
    assert.deepEqual([format, width, height, chromaSubsampling], ['jpeg', 640, 480, '4:2:0']);
    const bits = (8 * first.length) / (640 * 480);
    assert.ok(bits > 1.5 && bits < 3, `${bits} bits a pixel`);
    await generatedPhotos(folder, size);
    assert.deepEqual(await readFile(paths[0] ?? ''), first);
  });

  it('reads the photos in a folder', async () => {
    const { photos, paths } = await photosIn('fixtures/images', options);
    assert.equal(paths.length, 16);
    assert.equal(photos.name, 'fixtures/images');
  });

  it('notes and skips photos that cannot be decoded, and fails if none can be', async () => {
    const [good, bad] = [join(folder, 'good.jpg'), join(folder, 'bad.jpg')];
    await writeFile(bad, 'no image');
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    await assert.rejects(photosIn(folder, { ...options, onNote }), /no image in it can be decoded/);
    notes.length = 0;
    await copyFile((await photosIn('fixtures/images', options)).paths[0] ?? '', good);
    assert.deepEqual((await photosIn(folder, { ...options, onNote })).paths, [good]);
    assert.equal(notes.length, 2);
    assert.ok(notes[0]?.startsWith(`${bad}: `));
    assert.match(notes[1] ?? '', /: 1 of 2 images skipped$/);
  });

  it('rejects a folder without images, and a missing folder', async () => {
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'empty', 'notes.txt'), '');
    await assert.rejects(photosIn(join(folder, 'empty'), options), /--images .*: there is no image in it/);
    await assert.rejects(photosIn(join(folder, 'no'), options), /--images .*no/);
  });
});
