import assert from 'node:assert/strict';
import type { GpuName } from '../../src/runtime/devices.js';
import { deviceFailure } from '../../src/runtime/failures.js';

// Messages of ONNX Runtime 1.30, Dawn and CUDA, from standard error and from exceptions.
const loading = (library: string) =>
  `2026-01-01 [E:onnxruntime:, provider_bridge_ort.cc:2146 Create] [ONNXRuntimeError] : 1 : FAIL : Failed to load library /x/libonnxruntime_providers_cuda.so with error: ${library}: cannot open shared object file: No such file or directory
OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library`;

const cases: readonly (readonly [GpuName, string, RegExp, RegExp])[] = [
  ['cuda', loading('libcudnn.so.9'), /cuDNN 9.*\(libcudnn\.so\.9\)/, /cudnn9-cuda-12/],
  ['cuda', loading('libcublasLt.so.12'), /CUDA 12.*\(libcublasLt\.so\.12\)/, /cuda-downloads/],
  ['cuda', loading('libcuda.so.1'), /no NVIDIA driver/, /Install NVIDIA's driver/],
  [
    'cuda',
    loading('/x/libonnxruntime_providers_shared.so'),
    /provider library is not installed/,
    /install\.js/,
  ],
  [
    'cuda',
    'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0',
    /driver is too old/,
    /525/,
  ],
  [
    'cuda',
    'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1',
    /finds no NVIDIA GPU/,
    /nvidia-smi/,
  ],
  [
    'cuda',
    'CUDA failure 101: invalid device ordinal ; GPU=7',
    /no GPU with that --device-id/,
    /nvidia-smi -L/,
  ],
  ['cuda', 'CUDA failure 2: out of memory ; GPU=0', /memory is full/, /--batch-size/],
  [
    'webgpu',
    `Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory
/o/webgpu_context.cc:136 void f() was false. Failed to get a WebGPU adapter: No supported adapters`,
    /Vulkan loader libvulkan\.so\.1/,
    /apt-get install libvulkan1/,
  ],
  [
    'webgpu',
    '/o/webgpu_context.cc:136 void f() was false. Failed to get a WebGPU adapter: No supported adapters\n',
    /no driver offers a GPU/,
    /vulkaninfo/,
  ],
  [
    'webgpu',
    'shader_helper.cc:416 GenerateSourceCode Program Cast requires f16 but the device does not support it.',
    /half precision \(shader-f16\)/,
    /single precision/,
  ],
];

describe('deviceFailure', () => {
  for (const [name, text, message, hint] of cases) {
    it(`recognises a ${name} failure: ${message.source}`, () => {
      const error = deviceFailure({ name, id: 0 }, text);
      assert.match(error.message, message);
      assert.match(error.message, new RegExp(`^--device ${name}: `));
      assert.match(error.hint ?? '', hint);
      assert.ok(error.reason.length < 60, error.reason);
    });
  }

  it('repeats an unknown message, without its source location', () => {
    const text = '/onnxruntime_src/a.cc:136 bool f(const int&) x == y was false. The device is on fire\n\n';
    const { message, reason } = deviceFailure({ name: 'webgpu', id: 0 }, text);
    assert.equal(message, '--device webgpu: ONNX Runtime says: The device is on fire');
    assert.equal(reason, 'The device is on fire');
  });
});
