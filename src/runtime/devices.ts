import type { InferenceSession } from 'onnxruntime-node';

/** What can run a network: the CPU, and ONNX Runtime's execution providers for GPUs. */
export const DEVICE_NAMES = ['cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

export type DeviceName = (typeof DEVICE_NAMES)[number];

export type GpuName = Exclude<DeviceName, 'cpu'>;

export interface Device<Name extends DeviceName = DeviceName> {
  readonly name: Name;
  readonly id: number; // of several GPUs, from 0; CUDA and DirectML alone can choose
}

export const CPU: Device<'cpu'> = { name: 'cpu', id: 0 };

/** The machine that a session would run on, as its shell knows it. */
export interface Host {
  readonly platform: string; // Node's names: linux, win32, darwin
  readonly arch: string; // x64, arm64
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string; // where its files lie: /
}

// https://github.com/microsoft/onnxruntime/blob/v1.30.0/js/node/README.md, but for macOS on x64, which the package has no
// binaries for.
const PACKAGED: Readonly<Record<string, readonly GpuName[]>> = {
  'linux-x64': ['cuda', 'webgpu'],
  'win32-x64': ['dml', 'webgpu'],
  'win32-arm64': ['dml', 'webgpu'],
  'darwin-arm64': ['coreml', 'webgpu'],
};

/** The GPU providers that onnxruntime-node has for a platform, the fastest first. */
export function packagedGpus({ platform, arch }: Host): readonly GpuName[] {
  return PACKAGED[`${platform}-${arch}`] ?? [];
}

/** Where onnxruntime-node has a provider: `linux x64`, or `Windows` for all of it. */
export function platformsOf(name: GpuName): string {
  const names: Readonly<Record<GpuName, string>> = {
    cuda: 'Linux on x64',
    webgpu: 'Linux on x64, Windows and macOS on Apple silicon',
    dml: 'Windows',
    coreml: 'macOS on Apple silicon',
  };
  return names[name];
}

/** Whether a provider can be told which of several GPUs to take. */
export const choosesGpu = (name: DeviceName): boolean => name === 'cuda' || name === 'dml';

/**
 * Whether a provider has kernels for all operators of ONNX Runtime's own that our graphs use. The others take ONNX's
 * operators, of which ONNX Runtime fuses what they have.
 */
export const hasFusedOperators = (name: DeviceName): boolean => name === 'cpu' || name === 'cuda';

/** A device as ONNX Runtime is told of it. */
export function executionProvider({ name, id }: Device): InferenceSession.ExecutionProviderConfig {
  return choosesGpu(name) ? { name, deviceId: id } : { name };
}
