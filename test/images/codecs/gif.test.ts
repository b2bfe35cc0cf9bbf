import assert from 'node:assert/strict';
import { failureOf, pixelsOf, temporaryFolder, untouched } from '../support.js';

// The expected values are what Pillow 12.3 gives for these files.

const PALETTE = [10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42];
const LOCAL = [110, 111, 112, 120, 121, 122, 130, 131, 132, 140, 141, 142];

interface Gif {
  readonly canvas: readonly [width: number, height: number];
  readonly frame?: readonly [left: number, top: number, width: number, height: number];
  readonly indices: readonly number[]; // below 128
  readonly table?: readonly number[]; // of 4 colours
  readonly local?: readonly number[]; // of 4 colours
  readonly transparent?: number;
  readonly end?: string;
}

const short = (value: number) => [value & 255, value >> 8];

function gifFile({ canvas, frame, indices, table, local, transparent, end = '\x3b' }: Gif): Buffer {
  const [left, top, width, height] = frame ?? [0, 0, ...canvas];
  // Eight bits a code, with a clear code before codes would grow: nothing is compressed.
  const codes = indices.flatMap((index, i) => (i % 100 === 0 ? [0x80, index] : [index]));
  const control = transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0];
  return Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.from([...canvas.flatMap(short), table ? 0x81 : 0, 0, 0, ...(table ?? []), ...control]),
    Buffer.from([0x2c, ...[left, top, width, height].flatMap(short), local ? 0x81 : 0, ...(local ?? [])]),
    Buffer.from([7, codes.length + 1, ...codes, 0x81, 0]),
    Buffer.from(end, 'latin1'),
  ]);
}

describe('GIF', () => {
  const folder = temporaryFolder();
  const read = async (gif: Gif, [width, height]: readonly [number, number] = gif.canvas) => {
    const path = await folder.write('a.gif', gifFile(gif));
    const exact = [...(await pixelsOf(path, untouched(width, height)))];
    for (const decode of ['near', 'fast'] as const)
      assert.deepEqual([...(await pixelsOf(path, { ...untouched(width, height), decode }))], exact, decode);
    return exact;
  };
  const colours = (indices: readonly number[], table: readonly number[]) =>
    indices.flatMap((index) => table.slice(3 * index, 3 * index + 3));

  it('gives transparent pixels their palette colours, not black', async () => {
    const indices = [0, 1, 2, 3];
    const gif = { canvas: [2, 2], indices, table: PALETTE, transparent: 2 } as const;
    assert.deepEqual(await read(gif), colours(indices, PALETTE));
    assert.deepEqual(await read({ ...gif, local: LOCAL }), colours(indices, LOCAL));
  });

  it('fills the canvas around the first frame with the transparent colour, or else palette entry 0', async () => {
    const gif = { canvas: [3, 2], frame: [1, 0, 1, 1], indices: [3], table: PALETTE } as const;
    assert.deepEqual(await read(gif), colours([0, 3, 0, 0, 0, 0], PALETTE));
    assert.deepEqual(await read({ ...gif, transparent: 1 }), colours([1, 3, 1, 1, 1, 1], PALETTE));
    assert.deepEqual(await read({ ...gif, local: LOCAL }), colours([0, 3, 0, 0, 0, 0], LOCAL));
  });

  it('grows the canvas for a frame that exceeds it', async () => {
    const gif = { canvas: [1, 1], frame: [1, 1, 1, 1], indices: [2], table: PALETTE } as const;
    assert.deepEqual(await read(gif, [2, 2]), colours([0, 0, 0, 2], PALETTE));
  });

  it('makes indices beyond the palette black, and treats them as grey without one', async () => {
    const gif = { canvas: [2, 1], indices: [1, 100] } as const;
    assert.deepEqual(await read({ ...gif, table: PALETTE }), [20, 21, 22, 0, 0, 0]);
    assert.deepEqual(await read(gif), [1, 1, 1, 100, 100, 100]);
  });

  it('reads the first frame, whatever follows it', async () => {
    const indices = [0, 1, 2, 3];
    const gif = { canvas: [2, 2], indices, table: PALETTE } as const;
    assert.deepEqual(await read({ ...gif, end: '\x2c damaged' }), colours(indices, PALETTE));
    assert.deepEqual(await read({ ...gif, end: '' }), colours(indices, PALETTE));
  });

  it('fails if the first frame ends early, is missing or has no pixels', async () => {
    const gif = { canvas: [20, 20], indices: Array<number>(200).fill(1), table: PALETTE } as const;
    const file = gifFile(gif);
    const code = async (bytes: Uint8Array) => (await failureOf(await folder.write('a.gif', bytes))).code;
    for (const length of [20, 40, file.byteLength - 50])
      assert.equal(await code(file.subarray(0, length)), 'truncated', `${length}`);
    // Its blocks are complete, and libvips would leave the lower half black.
    const path = await folder.write('half.gif', file);
    assert.deepEqual(await failureOf(path), {
      code: 'truncated',
      message: 'the first frame of this GIF ends early',
    });
    await pixelsOf(path, { ...untouched(20, 20), failOn: 'none' });
    assert.equal(await code(gifFile({ ...gif, frame: [0, 0, 0, 5] })), 'decode_failed');
    assert.equal(await code(Buffer.concat([file.subarray(0, 25), Buffer.from(';')])), 'decode_failed');
  });

  it('applies the pixel limit to the canvas, not to the frame', async () => {
    const bytes = gifFile({ canvas: [60_000, 60_000], frame: [0, 0, 1, 1], indices: [0], table: PALETTE });
    assert.equal((await failureOf(await folder.write('a.gif', bytes))).code, 'too_large');
  });
});
