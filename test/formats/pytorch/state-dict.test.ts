import assert from 'node:assert/strict';
import { parsePyTorch } from '../../../src/formats/pytorch/parse-pytorch.js';
import {
  call,
  dict,
  global,
  int,
  list,
  NONE,
  type Part,
  pickle,
  storage,
  tensor,
  text,
  tuple,
} from './pickles.js';
import { assertRefuses, makeArchive } from './support.js';

const WEIGHT = tensor({ storage: storage('0', 1), shape: [1], strides: [1] });

function parse(root: Part) {
  return parsePyTorch(makeArchive(pickle(root), { 0: new Uint8Array(4) }), 'x.pth');
}

/** A state dict of one tensor with this name. */
const weights = (name: string): Part => dict([text(name), WEIGHT]);

async function chosen(...pairs: readonly (readonly [string, Part])[]): Promise<readonly string[]> {
  const { tensors } = await parse(dict(...pairs.map(([key, value]) => [text(key), value] as const)));
  return [...tensors.keys()];
}

describe('findStateDict', () => {
  it("prefers averaged weights, in timm's order", async () => {
    const all = ['model', 'state_dict', 'model_ema', 'state_dict_ema'];
    const pairs = all.map((key) => [key, weights(`from ${key}`)] as const);
    assert.deepEqual(await chosen(...pairs), ['from state_dict_ema']);
    assert.deepEqual(await chosen(...pairs.slice(0, 3)), ['from model_ema']);
    assert.deepEqual(await chosen(...pairs.slice(0, 2)), ['from state_dict']);
    assert.deepEqual(await chosen(...pairs.slice(0, 1)), ['from model']);
    assert.deepEqual(await chosen(['conv.weight', WEIGHT]), ['conv.weight']);
  });

  it('skips averaged weights that are None', async () => {
    assert.deepEqual(await chosen(['state_dict_ema', NONE], ['model_ema', NONE], ['model', weights('w')]), [
      'w',
    ]);
  });

  it('strips the prefixes of DistributedDataParallel and torch.compile, once and in this order', async () => {
    const names = [
      'module.a',
      '_orig_mod.b',
      'module._orig_mod.c',
      '_orig_mod.module.d',
      'module.module.e',
      'f.module.g',
    ];
    assert.deepEqual(await chosen(...names.map((name) => [name, WEIGHT] as const)), [
      'a',
      'b',
      'c',
      'module.d',
      'module.e',
      'f.module.g',
    ]);
  });

  const sparse = call(global('torch._utils', '_rebuild_sparse_tensor'), NONE, NONE);
  const bad: readonly (readonly [string, Part, RegExp])[] = [
    ['a file of one tensor', WEIGHT, /holds a tensor; expected a dict of tensors/],
    ['a file of a list', list(WEIGHT), /holds a list; expected a dict/],
    [
      'weights that are None',
      dict([text('state_dict'), NONE]),
      /: "state_dict": is None; expected a dict of tensors/,
    ],
    [
      'an unknown wrapper',
      dict([text('epoch'), int(3)], [text('net'), weights('w')]),
      /"epoch" is a number; expected a tensor \(it has none of state_dict_ema, model_ema, state_dict, model\)/,
    ],
    [
      'a value among the tensors',
      dict([text('model'), dict([text('w'), WEIGHT], [text('s'), text('x')])]),
      /"model": "s" is a str; expected a tensor$/,
    ],
    [
      'a sparse tensor',
      dict([text('w'), sparse]),
      /"w" is torch\._utils\._rebuild_sparse_tensor; expected a tensor/,
    ],
    ['a key that is no text', dict([int(1), WEIGHT]), /has a number as a key/],
    [
      'a name twice',
      dict([text('module.w'), WEIGHT], [text('w'), WEIGHT]),
      /tensor "w" twice, with and without a prefix/,
    ],
  ];
  for (const [what, root, message] of bad) {
    it(`refuses ${what}`, () => assertRefuses(() => parse(root), message));
  }
});

describe('trainArgs', () => {
  const withArgs = (...args: readonly (readonly [Part, Part])[]): Part =>
    dict([text('model'), weights('w')], [text('args'), dict(...args)]);

  it('reads the known flags of a dict that have plain values', async () => {
    const { args } = await parse(
      withArgs(
        [text('num_classes'), int(7)],
        [text('img_size'), NONE],
        [text('input_size'), tuple(int(3), int(8), int(9))],
        [text('interpolation'), text('bicubic')],
        [text('mean'), list(dict())],
        [text('std'), dict()],
        [text('crop_pct'), [0x88]],
        [text('lr'), int(1)],
      ),
    );
    assert.deepEqual(args, {
      num_classes: 7,
      input_size: [3, 8, 9],
      crop_pct: true,
      interpolation: 'bicubic',
    });
  });

  it('leaves out lists that are long or contain themselves', async () => {
    const cyclic = [0x5d, 0x71, 0, 0x68, 0, 0x61];
    assert.deepEqual(
      (await parse(withArgs([text('mean'), cyclic], [text('std'), list(...Array(17).fill(int(1)))]))).args,
      {},
    );
  });

  it('returns nothing if the file has no usable arch or args', async () => {
    for (const root of [
      weights('w'),
      dict([text('model'), weights('w')], [text('arch'), NONE], [text('args'), NONE]),
      dict([text('model'), weights('w')], [text('arch'), int(1)], [text('args'), list()]),
    ]) {
      const { arch, args } = await parse(root);
      assert.deepEqual([arch, args], [undefined, {}]);
    }
  });
});
