import assert from 'node:assert/strict';
import { isOutOfMemory } from '../../src/runtime/out-of-memory.js';

const MEMORY = [
  'Non-zero status code returned while running Conv node. Status Message: bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 536870912',
  'BFCArena::AllocateRawInternal Available memory of 1048576 is smaller than requested bytes of 16777216',
  'std::bad_alloc',
  'bad allocation',
  'Array buffer allocation failed',
  'CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc((void**)&p, size);',
  'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0',
  'CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0',
  'MLOperatorAuthorImpl.cpp(1978): Exception(3) tid(4304) 8007000E Not enough memory resources are available to complete this operation.',
  'WebGPU validation failed. Buffer size (3185049600) exceeds the max buffer size limit (1073741824).',
  'Binding size (402653184) of [Buffer] is larger than the maximum storage buffer binding size (134217728).',
  'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
];

const OTHER = [
  'Got invalid dimensions for input: pixels for the following indices index: 1 Got: 1 Expected: 128',
  'Non-zero status code returned while running Gather node. indices element out of data bounds, idx=7 must be within the inclusive range [-4,3]',
  'CUDA failure 700: an illegal memory access was encountered ; GPU=0',
  'WebGPU device lost (1): A valid external Instance reference no longer exists.',
];

describe('isOutOfMemory', () => {
  it('recognises the out-of-memory messages of runtimes', () => {
    for (const message of MEMORY) assert.ok(isOutOfMemory(message), message);
  });

  it('does not match other failures', () => {
    for (const message of OTHER) assert.ok(!isOutOfMemory(message), message);
  });
});
