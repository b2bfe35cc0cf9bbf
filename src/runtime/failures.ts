import { HalonetError } from '../errors.js';
import type { Device, DeviceName } from './devices.js';
import { nativeMessage } from './native-message.js';
import { installCommand } from './package.js';

/** A GPU that cannot be used: `message` names the missing piece, `hint` says how to get it. */
export class DeviceError extends HalonetError {
  override readonly name = 'DeviceError';
  readonly reason: string; // what is missing, in a few words
  readonly detail: string; // in a sentence

  constructor(device: Device, { reason, message = reason, hint }: MissingPiece, cause?: unknown) {
    super(`--device ${device.name}: ${message}`, { ...(hint !== undefined && { hint }), cause });
    this.reason = reason;
    this.detail = message;
  }
}

/** What a GPU needs and lacks. */
export interface MissingPiece {
  readonly reason: string; // in a few words
  readonly message?: string; // in a sentence, if that says more
  readonly hint?: string;
}

/** Pieces that several checks may find missing. */
export const PIECES = {
  cudaProvider: () => ({
    reason: 'its provider library is not installed',
    message: "ONNX Runtime's CUDA provider library is not installed",
    hint: `It also needs CUDA 12 and cuDNN 9. Download it from NuGet: ${installCommand()}`,
  }),
  nvidiaDriver: () => ({
    reason: 'no NVIDIA driver',
    message: 'there is no NVIDIA driver (neither /dev/nvidiactl nor /dev/dxg)',
    hint: "Install NVIDIA's driver; in a container, pass the GPU in: docker run --gpus all …",
  }),
  vulkanLoader: () => ({
    reason: 'no Vulkan loader',
    message: 'the Vulkan loader libvulkan.so.1 is not installed',
    hint: 'Install it: apt-get install libvulkan1 (Debian, Ubuntu), or dnf install vulkan-loader (Fedora, RHEL).',
  }),
  vulkanDriver: () => ({
    reason: 'no Vulkan driver',
    message: 'no Vulkan driver is installed (no manifest in vulkan/icd.d)',
    hint: "Install the GPU's driver: NVIDIA's, or apt-get install mesa-vulkan-drivers for AMD and Intel.",
  }),
} satisfies Record<string, () => MissingPiece>;

type Rule = readonly [pattern: RegExp, piece: (match: RegExpExecArray) => MissingPiece];

const CUDA_RULES: readonly Rule[] = [
  [/libonnxruntime_providers_\w+\.so: cannot open shared object/, PIECES.cudaProvider],
  [/(libcuda\.so\.1): cannot open shared object/, PIECES.nvidiaDriver],
  [
    /(libcudnn[\w.]*): cannot open shared object/,
    ([, library]) => ({
      reason: `${library} is not installed`,
      message: `cuDNN 9 for CUDA 12 is not installed (${library})`,
      hint: 'Install it: apt-get install cudnn9-cuda-12 from https://developer.nvidia.com/cudnn-downloads, or put its folder on LD_LIBRARY_PATH.',
    }),
  ],
  [
    /(lib[\w.+-]+): cannot open shared object/,
    ([, library]) => ({
      reason: `${library} is not installed`,
      message: `CUDA 12 is not installed (${library})`,
      hint: 'Install it: https://developer.nvidia.com/cuda-downloads, version 12, or put its folder on LD_LIBRARY_PATH.',
    }),
  ],
  [
    /CUDA failure 35\b|driver version is insufficient/,
    () => ({
      reason: 'the NVIDIA driver is too old',
      message: 'the NVIDIA driver is too old for CUDA 12',
      hint: 'Update it to version 525 or later.',
    }),
  ],
  [
    /CUDA failure 101\b|invalid device ordinal/,
    () => ({ reason: 'no GPU with that --device-id', hint: 'nvidia-smi -L lists the GPUs, from 0.' }),
  ],
  [
    /CUDA failure 100\b|no CUDA-capable device/,
    () => ({
      reason: 'no NVIDIA GPU',
      message: 'the driver finds no NVIDIA GPU',
      hint: 'Check nvidia-smi, and that CUDA_VISIBLE_DEVICES does not hide it.',
    }),
  ],
  [
    /CUDA failure 209\b|no kernel image is available/,
    () => ({
      reason: 'the GPU is of a kind that the provider has no code for',
      message: "ONNX Runtime's CUDA provider has no code for a GPU of this kind",
      hint: 'Use --device webgpu.',
    }),
  ],
  [/Failed to load shared library/, PIECES.cudaProvider],
];

const WEBGPU_RULES: readonly Rule[] = [
  [/libvulkan\.so\.1: cannot open shared object/, PIECES.vulkanLoader],
  [
    /No supported adapters|Failed to get a WebGPU adapter/,
    () => ({
      reason: 'no GPU that it can use',
      message: 'no driver offers a GPU that it can use (by Vulkan, Direct3D 12 or Metal)',
      hint: 'Update the driver (Mesa 22 is too old). On Linux vulkaninfo --summary lists what there is; /dev/dri must be readable.',
    }),
  ],
];

const HALF: Rule = [
  /requires f16 but the device does not support it/,
  () => ({
    reason: 'its GPU does not compute in half precision',
    message: 'the GPU, or its driver, does not compute in half precision (shader-f16)',
    hint: 'Use the model in single precision, or --device cpu.',
  }),
];

const DML_RULES: readonly Rule[] = [
  [
    /887A0002|DXGI_ERROR_NOT_FOUND/i,
    () => ({ reason: 'no GPU with that --device-id', hint: 'dxdiag lists the GPUs.' }),
  ],
];

const RULES: Readonly<Record<DeviceName, readonly Rule[]>> = {
  cpu: [],
  cuda: CUDA_RULES,
  webgpu: [...WEBGPU_RULES, HALF],
  dml: DML_RULES,
  coreml: [],
};

const OUT_OF_MEMORY: Rule = [
  /out of memory|Failed to allocate memory|E_OUTOFMEMORY/i,
  () => ({
    reason: 'its memory is full',
    hint: 'Use a smaller --batch-size, or end what else uses the GPU.',
  }),
];

/**
 * Returns what a device lacks, based on the output of ONNX Runtime and the libraries below it.
 *
 * @param text the exception's message, preceded by anything printed, if known
 */
export function deviceFailure(device: Device, text: string, cause?: unknown): DeviceError {
  for (const [pattern, piece] of [...RULES[device.name], OUT_OF_MEMORY]) {
    const match = pattern.exec(text);
    if (match !== null) return new DeviceError(device, piece(match), cause);
  }
  const said = nativeMessage(text);
  const hint = 'halonet doctor tries each device with a small network.';
  return new DeviceError(
    device,
    { reason: said.slice(0, 80), message: `ONNX Runtime says: ${said}`, hint },
    cause,
  );
}
