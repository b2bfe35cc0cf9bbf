import assert from 'node:assert/strict';
import { parsePyTorch } from '../../../src/formats/pytorch/parse-pytorch.js';
import { call, dict, global, pickle, storage, type TensorParts, tensor, text, tuple } from './pickles.js';
import { assertRefuses, makeArchive } from './support.js';

/** Six float32: 0 to 5. */
const SIX = new Uint8Array(Float32Array.from({ length: 6 }, (_, i) => i).buffer);

async function parse(...tensors: readonly TensorParts[]) {
  const pairs = tensors.map((parts, i) => [text(`t${i}`), tensor(parts)] as const);
  const file = makeArchive(pickle(dict(...pairs)), { 0: SIX });
  return (await parsePyTorch(file, 'x.pth')).tensors;
}

async function values(parts: Omit<TensorParts, 'storage'>): Promise<readonly number[]> {
  const data = (await parse({ storage: storage('0', 6), ...parts })).get('t0')?.data ?? new Uint8Array();
  return [...new Float32Array(Uint8Array.from(data).buffer)];
}

describe('denseTensors', () => {
  it('puts the elements of any layout in row-major order', async () => {
    assert.deepEqual(await values({ shape: [2, 3], strides: [3, 1] }), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(await values({ shape: [3, 2], strides: [1, 3] }), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(await values({ shape: [2], strides: [2], offset: 1 }), [1, 3]);
    assert.deepEqual(await values({ shape: [2, 2], strides: [0, 1], offset: 4 }), [4, 5, 4, 5]);
    assert.deepEqual(await values({ shape: [1, 2, 1], strides: [77, 1, 99], offset: 4 }), [4, 5]);
    assert.deepEqual(await values({ shape: [2, 1, 2], strides: [1, 9, 2] }), [0, 2, 1, 3]);
    assert.deepEqual(await values({ shape: [], strides: [], offset: 5 }), [5]);
    assert.deepEqual(await values({ shape: [3, 0], strides: [5000, 1], offset: 6 }), []);
  });

  it('ignores the strides of dimensions of size 1 and copies nothing', async () => {
    const tensors = await parse({ storage: storage('0', 6), shape: [1, 6, 1], strides: [77, 1, 99] });
    assert.ok((tensors.get('t0')?.data.buffer.byteLength ?? 0) > 24);
  });

  it('reads bfloat16 from an untyped storage, as PyTorch saves newer types', async () => {
    const rebuild = global('torch._utils', '_rebuild_tensor_v3');
    const untyped = [
      ...tuple(
        text('storage'),
        global('torch.storage', 'UntypedStorage'),
        text('0'),
        text('cpu'),
        [0x4b, 24],
      ),
      0x51,
    ];
    const shape = tuple([0x4b, 2]);
    const weight = call(
      rebuild,
      untyped,
      [0x4b, 3],
      shape,
      tuple([0x4b, 1]),
      [0x89],
      dict(),
      global('torch', 'bfloat16'),
    );
    const file = makeArchive(pickle(dict([text('w'), weight])), { 0: SIX });
    const found = (await parsePyTorch(file, 'x.pth')).tensors.get('w');
    assert.deepEqual(
      [found?.dtype, found?.shape, [...(found?.data ?? [])]],
      ['bfloat16', [2], [0x80, 0x3f, 0, 0]],
    );
  });

  it('reads tensor subclasses and old parameters, and refuses nested ones', async () => {
    const plain = tuple(storage('0', 6), [0x4b, 0], tuple([0x4b, 6]), tuple([0x4b, 1]), [0x89], dict());
    const fromType = global('torch._tensor', '_rebuild_from_type_v2');
    const subclass = call(
      fromType,
      global('torch._utils', '_rebuild_tensor_v2'),
      global('torch', 'Tensor'),
      plain,
      dict(),
    );
    const parameter = call(global('torch.nn.parameter', 'Parameter'), subclass, [0x88]);
    const file = makeArchive(pickle(dict([text('w'), parameter])), { 0: SIX });
    assert.deepEqual([...((await parsePyTorch(file, 'x.pth')).tensors.get('w')?.data ?? [])], [...SIX]);
    const nested = makeArchive(pickle(dict([text('w'), call(fromType, fromType, fromType, plain, dict())])));
    await assertRefuses(
      () => parsePyTorch(nested, 'x.pth'),
      /expected a function that makes a tensor, found torch\._tensor/,
    );
  });

  const block = storage('0', 6);
  const bad: readonly (readonly [string, TensorParts, RegExp])[] = [
    [
      'a tensor past its storage',
      { storage: block, shape: [7], strides: [1] },
      /"t0": shape \[7\].*ends at element 7; storage "0" has 6/,
    ],
    [
      'an offset past it',
      { storage: block, shape: [1], strides: [1], offset: 6 },
      /ends at element 7; storage "0" has 6/,
    ],
    [
      'an empty tensor past it',
      { storage: block, shape: [0], strides: [1], offset: 7 },
      /ends at element 7; storage "0" has 6/,
    ],
    [
      'strides past it',
      { storage: block, shape: [2, 2], strides: [5, 1] },
      /strides \[5, 1\] ends at element 7/,
    ],
    [
      'huge strides',
      { storage: block, shape: [2], strides: [2n ** 52n] },
      /ends at element 4503599627370497/,
    ],
    [
      'negative strides',
      { storage: block, shape: [2], strides: [-1n] },
      /strides has something other than sizes/,
    ],
    [
      'a negative size',
      { storage: block, shape: [-1n], strides: [1] },
      /shape has something other than sizes/,
    ],
    [
      'a size beyond 2^53',
      { storage: block, shape: [2n ** 60n], strides: [0] },
      /shape has something other than sizes/,
    ],
    [
      'sizes that multiply beyond it',
      { storage: block, shape: [2n ** 40n, 2n ** 40n], strides: [0, 0] },
      /beyond any file/,
    ],
    [
      'more strides than sizes',
      { storage: block, shape: [1], strides: [1, 1] },
      /shape of 1 sizes has 2 strides/,
    ],
    [
      'many dimensions',
      { storage: block, shape: Array(65).fill(1), strides: Array(65).fill(1) },
      /shape of 65 dimensions; expected at most 64/,
    ],
    [
      'a huge storage',
      { storage: storage('0', 2n ** 50n), shape: [1], strides: [1] },
      /storage "0" has 24 bytes; expected 4503599627370496/,
    ],
    [
      'terabytes expanded from one element',
      { storage: block, shape: [2n ** 40n], strides: [0] },
      /shape \[1099511627776\] from 4 bytes brings the copies of views to 4398046511104 bytes; a file of \d+ bytes may have 16777216/,
    ],
  ];
  for (const [what, parts, message] of bad) {
    it(`refuses ${what}`, () => assertRefuses(() => parse(parts), message));
  }

  it('limits the total size of copies', async () => {
    const mebibyte = { storage: block, shape: [1024, 256], strides: [0, 0] };
    assert.equal((await parse(...Array<TensorParts>(16).fill(mebibyte))).size, 16);
    await assertRefuses(() => parse(...Array<TensorParts>(17).fill(mebibyte)), /"t16".*to 17825792 bytes/);
  });
});
