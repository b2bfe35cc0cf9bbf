import assert from 'node:assert/strict';
import { parsePyTorch } from '../../../src/formats/pytorch/parse-pytorch.js';
import { dict, int, list, NONE, type Part, pickle, storage, tensor, text, tuple } from './pickles.js';
import { assertRefuses } from './support.js';

const MAGIC: Part = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const LITTLE = dict([text('little_endian'), [0x88]]);

interface Parts {
  readonly version?: number;
  readonly machine?: Part;
  readonly root?: Part;
  readonly keys?: readonly Part[];
  readonly storages?: readonly (readonly [count: bigint, bytes: Uint8Array])[];
}

const BLOCK = Uint8Array.from({ length: 16 }, (_, i) => i);
const WEIGHTS = dict([text('w'), tensor({ storage: storage('7', 4), shape: [2, 2], strides: [2, 1] })]);

/** A file in the legacy format; by default, two by two float32 in one storage. */
function file({
  version = 1001,
  machine = LITTLE,
  root = WEIGHTS,
  keys = [text('7')],
  storages = [[4n, BLOCK]],
}: Parts) {
  const count = (value: bigint) => Buffer.from(BigUint64Array.of(value).buffer);
  return Buffer.concat([
    ...[MAGIC, int(version), machine, root, list(...keys)].map(pickle),
    ...storages.flatMap(([elements, bytes]) => [count(elements), bytes]),
  ]);
}

const parse = async (parts: Parts) => (await parsePyTorch(file(parts), 'x.pth')).tensors;

/** A view of the storage, as the legacy format writes it. */
function viewed(begin: number, length: number): Part {
  const whole = storage('7', 4);
  return [...whole.slice(0, -2), ...tuple(text('view'), int(begin), int(length)), 0x74, 0x51];
}

const viewOf = (view: Part, shape: number) =>
  dict([text('w'), tensor({ storage: view, shape: [shape], strides: [1] })]);

describe('readLegacy', () => {
  it('reads tensors by text keys and numeric keys', async () => {
    const numbered = viewOf(
      [
        ...tuple(
          text('storage'),
          [0x63, ...Buffer.from('torch\nFloatStorage\n')],
          int(7),
          text('cpu'),
          int(4),
          NONE,
        ),
        0x51,
      ],
      4,
    );
    for (const parts of [{}, { root: numbered, keys: [int(7)] }]) {
      assert.deepEqual(Uint8Array.from((await parse(parts)).get('w')?.data ?? []), BLOCK);
    }
  });

  it('reads views of a storage as saved by old versions of PyTorch, and refuses ones out of bounds', async () => {
    assert.deepEqual(
      Uint8Array.from((await parse({ root: viewOf(viewed(1, 2), 2) })).get('w')?.data ?? []),
      BLOCK.slice(4, 12),
    );
    await assertRefuses(
      () => parse({ root: viewOf(viewed(1, 2), 3) }),
      /ends at element 3; storage "7" has 2/,
    );
    await assertRefuses(
      () => parse({ root: viewOf(viewed(1, 4), 1) }),
      /view does not lie within its 4 elements/,
    );
  });

  const huge = dict([text('w'), tensor({ storage: storage('7', 2n ** 50n), shape: [1], strides: [1] })]);
  const bad: readonly (readonly [string, Parts, RegExp])[] = [
    ['another version', { version: 1000 }, /version 1000 of PyTorch's legacy format; expected 1001/],
    ['a big-endian machine', { machine: dict([text('little_endian'), [0x89]]) }, /big-endian machine/],
    ['a storage that is not listed', { keys: [], storages: [] }, /storage "7" is missing/],
    [
      'a storage listed twice',
      {
        keys: [text('7'), text('7')],
        storages: [
          [4n, BLOCK],
          [4n, BLOCK],
        ],
      },
      /lists storage "7" twice or unused/,
    ],
    ['a storage that nothing uses', { keys: [text('7'), text('8')] }, /lists storage "8" twice or unused/],
    ['a key that is none', { keys: [NONE] }, /lists storage None twice or unused/],
    ['another count of elements', { storages: [[5n, BLOCK]] }, /storage "7" has 5 elements; expected 4/],
    [
      'too few bytes',
      { storages: [[4n, BLOCK.subarray(1)]] },
      /16 bytes but 15 are left: the file is truncated/,
    ],
    [
      'a petabyte of them',
      { root: huge, storages: [[2n ** 50n, BLOCK]] },
      /4503599627370496 bytes but 16 are left/,
    ],
    [
      'bytes after the last storage',
      { storages: [[4n, new Uint8Array(18)]] },
      /2 bytes after the last storage/,
    ],
  ];
  for (const [what, parts, message] of bad) {
    it(`refuses ${what}`, () => assertRefuses(() => parse(parts), message));
  }

  it('refuses a storage with two sizes', async () => {
    const other = tensor({ storage: storage('7', 4, 'DoubleStorage'), shape: [1], strides: [1] });
    const both = dict(
      [text('w'), tensor({ storage: storage('7', 4), shape: [1], strides: [1] })],
      [text('v'), other],
    );
    await assertRefuses(() => parse({ root: both }), /storage "7" has 16 bytes and 32/);
  });

  it('refuses a number that only starts with the magic number', async () => {
    const bytes = Buffer.concat([
      pickle([0x8a, 11, ...MAGIC.slice(2), 1]),
      file({}).subarray(pickle(MAGIC).length),
    ]);
    await assertRefuses(() => parsePyTorch(bytes, 'x.pth'), /does not start with the magic number/);
  });
});
