import assert from 'node:assert/strict';
import { ALLOWED } from '../../../src/formats/pytorch/allow-list.js';
import { openCursor } from '../../../src/formats/pytorch/pickle/cursor.js';
import { readPickle } from '../../../src/formats/pytorch/pickle/read-pickle.js';
import type { Value } from '../../../src/formats/pytorch/values.js';
import { call, dict, global, list, pickle, text } from './pickles.js';
import { assertRefuses } from './support.js';

const words = (text: string) => text.trim().split(/\s+/);

// Written out because the names that a pickle may use are a security boundary: every change must show up here too.
const STAND_INS = words(`
  argparse.Namespace torch.device torch.serialization._get_layout _codecs.encode numpy.dtype
  numpy.core.multiarray.scalar numpy.core.multiarray._reconstruct numpy.core.numeric._frombuffer
  numpy._core.multiarray.scalar numpy._core.multiarray._reconstruct numpy._core.numeric._frombuffer
  torch._utils._rebuild_sparse_tensor torch._utils._rebuild_sparse_csr_tensor torch._utils._rebuild_nested_tensor
  torch._utils._rebuild_qtensor torch._utils._rebuild_meta_tensor_no_storage
  builtins.complex builtins.slice builtins.bytearray
  __builtin__.complex __builtin__.slice __builtin__.bytearray
`);

const MAKERS = words(`
  builtins.set builtins.frozenset __builtin__.set __builtin__.frozenset
  collections.OrderedDict torch.Size copyreg._reconstructor copy_reg._reconstructor
  torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3
  torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state torch.nn.parameter.Parameter
  torch._tensor._rebuild_from_type_v2
`);

const NAMES = words(`
  builtins.object __builtin__.object numpy.ndarray torch.Tensor torch.per_tensor_affine torch.per_channel_affine
  torch.UntypedStorage torch.storage.UntypedStorage torch.storage._UntypedStorage
`);

const DTYPES = words(`
  float64 float32 float16 bfloat16 complex128 complex64 complex32 bool
  int64 int32 int16 int8 uint64 uint32 uint16 uint8 quint8 qint8 qint32
  float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
`).map((name) => `torch.${name}`);

const STORAGES = words(`
  Double Float Half BFloat16 Long Int Short Char Byte Bool ComplexDouble ComplexFloat QUInt8 QInt8 QInt32
`).flatMap((name) => [`torch.${name}Storage`, `torch.cuda.${name}Storage`]);

const CALLABLE = [...STAND_INS, ...MAKERS].sort();
const PASSED_ON = [...NAMES, ...DTYPES, ...STORAGES].sort();

const globalOf = (path: string) => {
  const dot = path.lastIndexOf('.');
  return global(path.slice(0, dot), path.slice(dot + 1));
};

const read = (bytes: Uint8Array): Value =>
  readPickle(openCursor(bytes, 'x.pth'), { allowed: ALLOWED, persistent: () => null });

describe('the allow list of pickles', () => {
  it('contains exactly these names', () => {
    assert.deepEqual([...ALLOWED.keys()].sort(), [...CALLABLE, ...PASSED_ON].sort());
  });

  it('lets pickles call only the callable ones', async () => {
    const callable = [...ALLOWED].filter(
      ([, value]) => typeof value === 'object' && value && 'call' in value,
    );
    assert.deepEqual(callable.map(([name]) => name).sort(), CALLABLE);
    for (const name of PASSED_ON) {
      const called = pickle(call(globalOf(name), text('ls')));
      await assertRefuses(() => read(called), /expected a class or function to call.*nothing was executed/);
    }
  });

  it('turns calls of stand-ins into inert values, whatever their arguments', () => {
    for (const name of STAND_INS) {
      const made = read(
        pickle(call(globalOf(name), text('ls'), list(text('-l')), dict([text('a'), text('b')]))),
      );
      const short = name.replace(/^(builtins|__builtin__)\./, '');
      assert.deepEqual(made, { kind: 'inert', name: short, state: null });
    }
  });
});
