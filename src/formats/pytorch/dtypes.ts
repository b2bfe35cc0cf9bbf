import type { DType } from '../../tensor.js';
import type { StorageType, TorchDType } from './values.js';

const dtype = (name: string, bytes: number, readAs?: DType): TorchDType => ({
  kind: 'dtype',
  name,
  bytes,
  readAs,
});

const UINT8 = dtype('uint8', 1);

// https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
const DTYPES: readonly TorchDType[] = [
  dtype('float64', 8, 'float64'),
  dtype('float32', 4, 'float32'),
  dtype('float16', 2, 'float16'),
  dtype('bfloat16', 2, 'bfloat16'),
  dtype('int64', 8, 'int64'),
  dtype('int32', 4),
  dtype('int16', 2),
  dtype('int8', 1),
  dtype('uint64', 8),
  dtype('uint32', 4),
  dtype('uint16', 2),
  UINT8,
  dtype('bool', 1),
  dtype('complex128', 16),
  dtype('complex64', 8),
  dtype('complex32', 4),
  dtype('quint8', 1),
  dtype('qint8', 1),
  dtype('qint32', 4),
  dtype('float8_e4m3fn', 1),
  dtype('float8_e4m3fnuz', 1),
  dtype('float8_e5m2', 1),
  dtype('float8_e5m2fnuz', 1),
  dtype('float8_e8m0fnu', 1),
];

// torch.save writes the names of the storage classes that predate PyTorch's dtypes.
const STORAGES: readonly (readonly [className: string, dtype: string])[] = [
  ['DoubleStorage', 'float64'],
  ['FloatStorage', 'float32'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
  ['ComplexDoubleStorage', 'complex128'],
  ['ComplexFloatStorage', 'complex64'],
  ['QUInt8Storage', 'quint8'],
  ['QInt8Storage', 'qint8'],
  ['QInt32Storage', 'qint32'],
];

// An untyped storage counts bytes. PyTorch 1.11 and 1.12 wrote the underscore.
const UNTYPED = ['torch.storage.UntypedStorage', 'torch.storage._UntypedStorage', 'torch.UntypedStorage'];

/** The names in a pickle of dtypes such as `torch.float32`, and of the storage classes. */
export const TYPE_NAMES: ReadonlyMap<string, TorchDType | StorageType> = new Map<
  string,
  TorchDType | StorageType
>([
  ...DTYPES.map((type) => [`torch.${type.name}`, type] as const),
  ...STORAGES.flatMap(([className, name]) => {
    const found = DTYPES.find((type) => type.name === name) ?? UINT8;
    // On a GPU: torch.cuda.FloatStorage, as PyTorch before 1.6 named it.
    return ['torch', 'torch.cuda'].map((module) => storageType(`${module}.${className}`, found));
  }),
  ...UNTYPED.map((name) => storageType(name, UINT8)),
]);

function storageType(name: string, type: TorchDType): readonly [string, StorageType] {
  return [name, { kind: 'storage type', name, dtype: type }];
}
