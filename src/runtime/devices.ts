import type { InferenceSession } from 'onnxruntime-node';

/** What can run a network: the CPU, and ONNX Runtime's execution providers for GPUs. */
export const DEVICE_NAMES = ['cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

export type DeviceName = (typeof DEVICE_NAMES)[number];

export type GpuName = Exclude<DeviceName, 'cpu'>;

export interface Device<Name extends DeviceName = DeviceName> {
  readonly name: Name;
  readonly id: number; // of several GPUs, from 0; only CUDA and DirectML can choose
}

export const CPU: Device<'cpu'> = { name: 'cpu', id: 0 };

/** The machine that a session would run on, as the shell describes it. */
export interface Host {
  readonly platform: string; // Node's names: linux, win32, darwin
  readonly arch: string; // x64, arm64
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string; // root of its file system: /
}

// https://github.com/microsoft/onnxruntime/blob/v1.30.0/js/node/README.md, except for macOS on x64, for which the
// package has no binaries.
const PACKAGED: Readonly<Record<string, readonly GpuName[]>> = {
  'linux-x64': ['cuda', 'webgpu'],
  'win32-x64': ['dml', 'webgpu'],
  'win32-arm64': ['dml', 'webgpu'],
  'darwin-arm64': ['coreml', 'webgpu'],
};

/** Returns the GPU providers that onnxruntime-node has for a platform, fastest first. */
export function packagedGpus({ platform, arch }: Host): readonly GpuName[] {
  return PACKAGED[`${platform}-${arch}`] ?? [];
}

/** Says where onnxruntime-node has a provider: `linux x64`, or `Windows` for all of Windows. */
export function platformsOf(name: GpuName): string {
  const names: Readonly<Record<GpuName, string>> = {
    cuda: 'Linux on x64',
    webgpu: 'Linux on x64, Windows and macOS on Apple silicon',
    dml: 'Windows',
    coreml: 'macOS on Apple silicon',
  };
  return names[name];
}

/** Whether a provider lets the caller choose among several GPUs. */
export const choosesGpu = (name: DeviceName): boolean => name === 'cuda' || name === 'dml';

/**
 * Whether a provider has kernels for all ONNX Runtime operators that our graphs use. The others get ONNX's standard
 * operators, which ONNX Runtime fuses as far as they have kernels.
 */
export const hasFusedOperators = (name: DeviceName): boolean => name === 'cpu' || name === 'cuda';

/** Returns a device in the form that ONNX Runtime takes. */
export function executionProvider({ name, id }: Device): InferenceSession.ExecutionProviderConfig {
  return choosesGpu(name) ? { name, deviceId: id } : { name };
}
