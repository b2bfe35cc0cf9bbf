import assert from 'node:assert/strict';
import { failureOf, HALONET, pixelsOf, temporaryFolder, texture, untouched } from '../support.js';

describe('PNM', () => {
  const folder = temporaryFolder();
  const read = async (head: string, width: number, height: number, raster: Uint8Array = Buffer.alloc(0)) => {
    const bytes = Buffer.concat([Buffer.from(head, 'latin1'), raster]);
    return [...(await pixelsOf(await folder.write('image.pnm', bytes), untouched(width, height)))];
  };
  const refused = async (head: string, raster: Uint8Array = Buffer.alloc(0)) =>
    failureOf(await folder.write('refused.pnm', Buffer.concat([Buffer.from(head, 'latin1'), raster])));
  const grey = (...values: number[]) => values.flatMap((value) => [value, value, value]);

  it('reads bits, grey and RGB', async () => {
    const raster = Buffer.of(0b10110000, 0b01000000, 0, 0b11000000);
    const bits = [1, 0, 1, 1, 0, 0, 0, 0, 0, 1, ...Array(8).fill(0), 1, 1];
    assert.deepEqual(await read('P4 10 2 ', 10, 2, raster), grey(...bits.map((bit) => (bit ? 0 : 255))));
    assert.deepEqual(await read('P5 3 1 255\n', 3, 1, Buffer.of(1, 200, 3)), grey(1, 200, 3));
    const { data } = texture(300, 280);
    assert.deepEqual(await read('P6\n300 280\n255\n', 300, 280, data), [...data]);
  });

  it('accepts any white space and comments in the header', async () => {
    const raster = Buffer.of(1, 2, 3, 4, 5, 6);
    for (const head of [
      'P6 2 1 255 ',
      'P6\t2\r\n1\v255\f',
      'P6\n# by hand\n#\n2 # wide\r1\n255\n',
      'P6 2 1 25#x\n5\n',
    ]) {
      assert.deepEqual(await read(head, 2, 1, raster), [1, 2, 3, 4, 5, 6], head);
    }
    const long = `P5 #${'x'.repeat(1000)}\n1 1 255\n`;
    assert.deepEqual(await read(long, 1, 1, Buffer.of(9)), [9, 9, 9]);
  });

  it('keeps a first pixel that looks like white space', async () => {
    assert.deepEqual(await read('P5 2 1 255\n', 2, 1, Buffer.of(0x0a, 0x20)), grey(10, 32));
  });

  it('scales samples to 255, rounding halves to even, as PpmImagePlugin does', async () => {
    assert.deepEqual(await read('P5 3 1 2\n', 3, 1, Buffer.of(0, 1, 2)), grey(0, 128, 255)); // 127.5
    assert.deepEqual(await read('P5 3 1 6\n', 3, 1, Buffer.of(1, 3, 5)), grey(42, 128, 212)); // 42.5, 127.5, 212.5
    assert.deepEqual(await read('P5 2 1 100\n', 2, 1, Buffer.of(101, 255)), grey(255, 255)); // above the maximum
    // 500, 1000, 1
    assert.deepEqual(await read('P6 1 1 1000\n', 1, 1, Buffer.of(1, 0xf4, 3, 0xe8, 0, 1)), [128, 255, 0]);
    assert.deepEqual(
      await read('P6 1 1 65535\n', 1, 1, Buffer.of(0x12, 0x80, 0x12, 0x81, 0xff, 0xff)),
      [18, 18, 255],
    );
  });

  it('scales 16-bit grey like 16-bit RGB, where Pillow would clip it to white', async () => {
    assert.deepEqual(await read('P5 2 1 65535\n', 2, 1, Buffer.of(0x81, 0x23, 0x01, 0xff)), grey(129, 2));
  });

  it('reads samples written in digits', async () => {
    assert.deepEqual(
      await read('P1\n# c\n5 2\n01101 1#c 1\n0\r01\n1', 5, 2),
      grey(255, 0, 0, 255, 0, 0, 255, 255, 0, 0),
    );
    assert.deepEqual(await read('P2 3 1 9 0 9#c\n\n3', 3, 1), grey(0, 255, 85));
    assert.deepEqual(await read('P2 2 1 255 1#c\n2 3', 2, 1), grey(12, 3)); // comment within a number, as in the header
    assert.deepEqual(await read('P3 2 1 65535 65535 0 256\n\t257 0000000771 1', 2, 1), [255, 0, 1, 1, 3, 0]);
    const { data } = texture(300, 280); // its digits span several parts of the decoder's input
    const text = Array.from(data, (value, i) => `${value}${i % 17 === 0 ? '\n' : ' '}`).join('');
    assert.deepEqual(await read(`P3 300 280 255\n${text}`, 300, 280), [...data]);
    const bits = Array.from(data.subarray(0, 280 * 300), (value) => value & 1);
    assert.deepEqual(
      await read(`P1 300 280\n${bits.join('')}`, 300, 280),
      grey(...bits.map((bit) => 255 - 255 * bit)),
    );
  });

  it('reports a file that ends early, and leaves the rest black with --fail-on none', async () => {
    for (const head of [
      'P6 2 1 255\n12345',
      'P5 2',
      'P5 2 1 255',
      'P4 9 2\n\0\0\0',
      'P1 3 1\n10',
      'P2 3 1 9\n1 2',
      'P3 1 1 9 1 1',
    ]) {
      assert.deepEqual(await refused(head), { code: 'truncated', message: 'the PNM file ends early' }, head);
    }
    const path = await folder.write('cut.pnm', 'P2 3 1 255\n1 2');
    assert.deepEqual([...(await pixelsOf(path, { ...untouched(3, 1), failOn: 'none' }))], grey(1, 2, 0));
  });

  it('reports damage, images without pixels, and sizes beyond the limit', async () => {
    for (const head of [
      'P5 2 x 255\n12',
      'P5 2 1 0\n12',
      'P5 2 1 65536\n1234',
      'P5 12345678901 1 255\n',
      `P5 1${' '.repeat(70_000)}`,
    ]) {
      assert.deepEqual(
        await refused(head),
        { code: 'decode_failed', message: 'the header of this PNM file is damaged' },
        head,
      );
    }
    for (const text of ['P1 3 1\n102', 'P2 3 1 9\n1 2 10', 'P2 3 1 9\n1 2 -3', 'P2 3 1 9\n1 00000000002 3']) {
      assert.deepEqual(
        await refused(text),
        { code: 'decode_failed', message: 'the PNM data is damaged' },
        text,
      );
    }
    assert.equal((await refused('P5 0 1 255\n12')).message, 'the PNM says that it has 0 x 1 pixels');
    assert.equal((await refused('P5 4294967295 4294967295 255\n')).code, 'too_large');
  });

  it('rejects other files, names unsupported kinds, and applies the pixel limit', async () => {
    assert.equal((await refused('P1 is what comes first')).code, 'unsupported_format');
    for (const [head, name] of [
      ['P7\nWIDTH 1\n', 'PAM'],
      ['Pf\n1 1\n-1.0\n', 'PFM'],
      ['PF\n1 1\n-1.0\n', 'PFM'],
    ] as const) {
      const { code, message } = await refused(head);
      assert.equal(code, 'unsupported_format');
      assert.ok(message.startsWith(name), message);
    }
    assert.equal(
      (await failureOf(await folder.write('b.pnm', 'P5 9 9 255\n'), { ...HALONET, maxPixels: 80 })).code,
      'too_large',
    );
  });
});
