import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isPyTorch, parsePyTorch } from '../../../src/formats/pytorch/parse-pytorch.js';
import { dict, int, pickle, storage, tensor, text } from './pickles.js';
import { assertRefuses, FIXTURES, fixture, isRead, makeArchive, makeZip } from './support.js';

interface Expected {
  readonly files: readonly string[];
  readonly arch: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; hex: string }>>;
}

const EXPECTED: readonly Expected[] = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8'));

const WEIGHT = { storage: storage('0', 2), shape: [2], strides: [1] };
const BYTES = new Uint8Array(8);

const parse = (file: Uint8Array) => parsePyTorch(file, 'x.pth');

describe('parsePyTorch', () => {
  for (const { files, arch, args, tensors } of EXPECTED) {
    for (const name of files) {
      it(`reads ${name} as PyTorch does`, async () => {
        const file = fixture(name);
        assert.ok(isPyTorch(file.subarray(0, 32)));
        const checkpoint = await parse(file);
        assert.deepEqual(
          [...checkpoint.tensors].map(([key, { dtype, shape, data }]) => {
            return [key, { dtype, shape, hex: Buffer.from(data).toString('hex') }];
          }),
          Object.entries(tensors),
        );
        assert.deepEqual([checkpoint.arch ?? null, checkpoint.args], [arch, args]);
      });
    }
  }

  for (const name of ['layouts.pth', 'layouts-legacy.pth']) {
    it(`copies only the tensors of ${name} that are not row-major`, async () => {
      const file = fixture(name);
      const { tensors } = await parse(file);
      const copies = [...tensors].filter(([, { data }]) => data.buffer !== file.buffer).map(([key]) => key);
      const expected = [
        'transposed',
        'column',
        'every_second',
        'expanded',
        'channels_last',
        'permuted',
        'one_wide',
      ];
      assert.deepEqual(copies, expected);
    });
  }

  it('lets tensors of one storage share its bytes', async () => {
    const { tensors } = await parse(fixture('layouts.pth'));
    const [base, row] = [tensors.get('base')?.data, tensors.get('row')?.data];
    assert.equal(row?.byteOffset, (base?.byteOffset ?? 0) + 2 * 6 * 4);
  });

  const bad: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'a call of the shell',
      fixture('attack.pth'),
      /data\.pkl.*asks for "posix\.system".*nothing was executed/,
    ],
    [
      'one in the legacy format',
      fixture('attack-legacy.pth'),
      /asks for "posix\.system".*nothing was executed/,
    ],
    ['a whole model', fixture('whole-model.pth'), /asks for "torch\.nn\.modules\.container\.Sequential"/],
    ['TorchScript', fixture('torchscript.pt'), /TorchScript program \(torch\.jit\.save\)/],
    [
      'TorchScript without code',
      makeArchive(pickle(dict()), {}, [{ name: 'archive/constants.pkl', content: BYTES }]),
      /TorchScript program/,
    ],
    [
      'TorchScript without constants',
      makeArchive(pickle(dict()), {}, [{ name: 'archive/code/model.py', content: BYTES }]),
      /TorchScript program/,
    ],
    ['a weight of bool', fixture('mask.pth'), /tensor "mask": dtype bool; readable are float64, float32/],
    ['an empty file', new Uint8Array(0), /starts with ""/],
    [
      'a web page',
      Buffer.from('<!DOCTYPE html><html>'),
      /starts with "<!DOCTYPE html><"; a file of torch\.save/,
    ],
    [
      'a tar',
      Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(999)]),
      /is a tar archive/,
    ],
    ['another zip', makeZip([{ name: 'word/a.xml', content: BYTES }]), /zip without "word\/data\.pkl"/],
    [
      'big-endian bytes',
      makeArchive(pickle(dict()), {}, [{ name: 'archive/byteorder', content: Buffer.from('big') }]),
      /byte order is "big"; expected "little"/,
    ],
    [
      'a storage that is not in the zip',
      makeArchive(pickle(dict([text('w'), tensor(WEIGHT)]))),
      /no file "archive\/data\/0"/,
    ],
    [
      'a storage of another size',
      makeArchive(pickle(dict([text('w'), tensor(WEIGHT)])), { 0: new Uint8Array(12) }),
      /storage "0" has 12 bytes; expected 8/,
    ],
  ];
  for (const [what, file, message] of bad) {
    it(`refuses ${what}`, () => assertRefuses(() => parse(file), message));
  }

  it('reads a little-endian archive, and checks the CRC-32 of its files', async () => {
    const weights = pickle(dict([text('w'), tensor(WEIGHT)]));
    const little = { name: 'archive/byteorder', content: Buffer.from('little') };
    const file = makeArchive(weights, { 0: BYTES }, [little]);
    assert.deepEqual([...(await parse(file)).tensors.keys()], ['w']);
    file[file.indexOf('data/0') + 'data/0'.length + 3] = 1;
    await assertRefuses(() => parse(file), /"archive\/data\/0" is damaged: its CRC-32/);
  });

  it('skips tensors that are not weights', async () => {
    const optimizer = dict([text('step'), tensor({ ...WEIGHT, storage: storage('gone', 2, 'IntStorage') })]);
    const weights = dict([text('w'), tensor(WEIGHT)]);
    const file = makeArchive(pickle(dict([text('optimizer'), optimizer], [text('model'), weights])), {
      0: BYTES,
    });
    assert.deepEqual([...(await parse(file)).tensors.keys()], ['w']);
  });

  it('accepts names that are special in JavaScript', async () => {
    const weights = pickle(dict([text('__proto__'), tensor(WEIGHT)], [text('a'), tensor(WEIGHT)]));
    assert.deepEqual(
      [...(await parse(makeArchive(weights, { 0: BYTES }))).tensors.keys()],
      ['__proto__', 'a'],
    );
  });

  it('reads a file at an odd offset in its buffer', async () => {
    const shifted = Buffer.concat([Buffer.alloc(1), fixture('layouts.pth')]).subarray(1);
    assert.deepEqual((await parse(shifted)).tensors, (await parse(fixture('layouts.pth'))).tensors);
  });
});

describe('parsePyTorch with damaged files', () => {
  for (const name of ['ddp.pth', 'layouts-legacy.pth', 'train-legacy.pth.tar']) {
    it(`refuses ${name} truncated at any length`, async () => {
      const file = fixture(name);
      for (let length = 0; length < file.byteLength; length++) {
        assert.ok(!(await isRead(() => parse(file.subarray(0, length)))), `${length} bytes`);
      }
    });
  }

  // ddp.pth has CRC-32s. The legacy format has none, so a damaged number is still a number.
  for (const name of ['ddp.pth', 'layouts-legacy.pth']) {
    it(`reads or refuses ${name} with any byte changed, and throws no other errors`, async () => {
      const file = fixture(name);
      for (let at = 0; at < file.byteLength; at++) {
        const byte = file[at] ?? 0;
        for (const value of [byte ^ 0xff, byte ^ 0x80, byte ^ 0x01, byte + 1, 0x28, 0x52, 0x68]) {
          const changed = Uint8Array.from(file);
          changed[at] = value;
          await isRead(() => parse(changed));
        }
      }
    });
  }

  it('reads or refuses an archive without CRC-32s with any bit of its pickle flipped', async () => {
    const file = Uint8Array.from(fixture('layouts-protocol5.pth'));
    const directory = Buffer.from(file.buffer);
    for (let at = directory.indexOf('PK\x01\x02'); at >= 0; at = directory.indexOf('PK\x01\x02', at + 1)) {
      directory.writeUInt32LE(0, at + 16);
    }
    const begin = directory.indexOf(Buffer.from([0x80, 5, 0x95]));
    let readable = 0;
    for (let at = begin; at < begin + 1500; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Uint8Array.from(file);
        changed[at] = (file[at] ?? 0) ^ (1 << bit);
        if (await isRead(() => parse(changed))) readable++;
      }
    }
    assert.ok(readable > 0);
  });
});

describe('isPyTorch', () => {
  it('distinguishes zips and the legacy format from safetensors and other pickles', () => {
    const safetensors = Uint8Array.from([0x80, 2, 0, 0, 0, 0, 0, 0, 0x7b, 0x22]); // a header of 640 bytes
    const cases: readonly (readonly [Uint8Array, boolean])[] = [
      [fixture('ddp.pth'), true],
      [fixture('layouts-legacy.pth'), true],
      [fixture('layouts-legacy-protocol4.pth'), true],
      [safetensors, false],
      [pickle(int(1)), false],
      [new Uint8Array(0), false],
      [Buffer.from('PK'), false],
    ];
    for (const [file, expected] of cases) assert.equal(isPyTorch(file.subarray(0, 32)), expected);
  });
});
