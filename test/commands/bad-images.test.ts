import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { endlessSvg, zeroPng } from '../images/hostile.js';
import { halonet } from '../support/cli.js';

const PHOTO = 'fixtures/preprocess/chelsea.jpg'; // 451 x 300 pixels
const DEMO = ['--model', 'demo', '--device', 'cpu', '--quiet', '--format', 'jsonl', '--top-k', '1'];

/** The result of each input, in order: a failure code, or ok. */
async function outcomes(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly rows: string[] }> {
  const { code, stdout, stderr } = await halonet(['classify', ...args, ...DEMO]);
  assert.equal(stderr, '');
  const rows = stdout.trimEnd().split('\n');
  return { code, rows: rows.map((row) => JSON.parse(row).error?.code ?? 'ok') };
}

describe('classifying bad images', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-bad-'));
  });
  after(() => rm(folder, { recursive: true }));
  const write = async (name: string, bytes: Uint8Array | string) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };

  it('fails images above --max-pixels', async () => {
    assert.deepEqual(await outcomes([PHOTO, '--max-pixels', '135299']), { code: 1, rows: ['too_large'] });
    assert.deepEqual(await outcomes([PHOTO, '--max-pixels', '135300']), { code: 0, rows: ['ok'] });
    assert.deepEqual(await outcomes([PHOTO, '--max-pixels', '1M']), { code: 0, rows: ['ok'] });
  });

  it('fails images with faults of the severity that --fail-on names, or worse', async () => {
    const whole = await readFile(PHOTO);
    const cut = await write('cut.jpg', whole.subarray(0, whole.length / 2));
    const png = zeroPng({ width: 32, height: 32, colourType: 2 });
    png[png.length - 13] = (png[png.length - 13] ?? 0) ^ 1; // a wrong checksum, which is an error
    const checksum = await write('checksum.png', png);
    const stray = Buffer.concat([whole.subarray(0, 2), Buffer.from([1, 2, 3, 4]), whole.subarray(2)]);
    const bytes = await write('stray.jpg', stray); // the decoder warns about it
    const expected = {
      none: ['ok', 'ok', 'ok'],
      truncated: ['truncated', 'ok', 'ok'],
      error: ['truncated', 'decode_failed', 'ok'],
      warning: ['truncated', 'decode_failed', 'decode_failed'],
    };
    assert.deepEqual((await outcomes([cut, checksum, bytes])).rows, expected.truncated);
    for (const [fault, rows] of Object.entries(expected))
      assert.deepEqual((await outcomes([cut, checksum, bytes, '--fail-on', fault])).rows, rows, fault);
  });

  it('times out after --decode-timeout wherever an image is decoded, and finishes the run', async () => {
    const images = join(folder, 'slow');
    await mkdir(images);
    await writeFile(join(images, 'a.svg'), endlessSvg());
    await writeFile(
      join(images, 'b.png'),
      zeroPng({ width: 16_383, height: 16_383, colourType: 2, bits: 16 }),
    );
    // Takes a second or more on any machine: this PNG decodes to 1.6 GB.
    assert.deepEqual(await outcomes([images, '--decode-timeout', '0.05']), {
      code: 1,
      rows: ['timeout', 'timeout'],
    });
  });

  it('refuses flag values that make no sense', async () => {
    for (const [flag, value] of [
      ['--max-pixels', '0'],
      ['--max-pixels', '-5'],
      ['--max-pixels', 'many'],
      ['--decode-timeout', '0'],
      ['--decode-timeout', 'soon'],
      ['--fail-on', 'everything'],
    ] as const) {
      const { code, stderr } = await halonet(['classify', PHOTO, flag, value, ...DEMO]);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(flag));
    }
  });

  if (platform === 'linux') {
    it('writes one row per image, whatever its name', async () => {
      const images = join(folder, 'names');
      await mkdir(join(images, 'loop'), { recursive: true });
      const photo = await readFile(PHOTO);
      const names = [
        '=1+1.jpg',
        'a\nb.jpg',
        'a"b.jpg',
        "a'b,c.jpg",
        ' .jpg',
        '-o.jpg',
        'a[b].jpg',
        '\u{1F41F}.jpg',
      ];
      for (const name of names) await writeFile(join(images, name), photo);
      const [before, after] = [Buffer.from(`${images}/z`), Buffer.from('.jpg')];
      await writeFile(Buffer.concat([before, Buffer.of(0xff), after]), photo);
      await symlink('..', join(images, 'loop', 'up'));
      const { stdout } = await halonet(['classify', images, ...DEMO]);
      const rows: { path: string; error?: { code: string } }[] = stdout
        .trimEnd()
        .split('\n')
        .map((row) => JSON.parse(row));
      const found = rows.map(({ path, error }) => [path.slice(images.length + 1), error?.code ?? 'ok']);
      const expected = [
        ...names.map((name) => [name, 'ok']),
        ...[
          ['loop/up', 'symlink_loop'],
          ['z\uFFFD.jpg', 'invalid_name'],
        ],
      ];
      assert.deepEqual(
        found,
        expected.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
      );
    });
  }
});
