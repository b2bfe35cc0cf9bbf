import {
  CPU,
  type Device,
  type DeviceName,
  type GpuName,
  type Host,
  packagedGpus,
} from '../runtime/devices.js';
import { DeviceError } from '../runtime/failures.js';
import { hasGpu, missingPiece } from '../runtime/preconditions.js';
import { type DeviceTrial, tryDevice } from './try-device.js';

/** The requested device. */
export interface DeviceRequest {
  readonly name: 'auto' | DeviceName;
  readonly id: number; // of several GPUs, from 0
}

/** What the choice depends on. */
export interface DeviceContext {
  readonly host: Host;
  readonly threads: number; // of the CPU
  readonly signal?: AbortSignal | undefined;
}

/** The device that a network will run on. */
export interface DeviceChoice {
  readonly device: Device;
  readonly chosen: boolean; // by `auto`, not by the user
  readonly skipped: readonly SkippedDevice[]; // tried first and rejected
}

/** A GPU that was rejected, and briefly why. */
export interface SkippedDevice {
  readonly name: GpuName;
  readonly reason: string;
}

/**
 * Chooses the device for a request. `auto` takes the first GPU that runs a small network correctly and faster than
 * the CPU, else the CPU; it does not try GPUs that are plainly absent.
 *
 * @throws DeviceError if a device requested by name is plainly absent, or has no such id
 */
export async function chooseDevice(request: DeviceRequest, context: DeviceContext): Promise<DeviceChoice> {
  const { name, id } = request;
  if (name !== 'auto') {
    const device = { name, id };
    if (!isGpu(device) && id !== 0) throw new DeviceError(device, noIdOfCpu(id));
    if (isGpu(device) && missingPiece(device, context.host) !== undefined) await tryGpu(device, context);
    return { device, chosen: false, skipped: [] };
  }
  const skipped: SkippedDevice[] = [];
  for (const gpu of packagedGpus(context.host)) {
    const reason = await reasonAgainst({ name: gpu, id }, context);
    if (reason === undefined) return { device: { name: gpu, id }, chosen: true, skipped };
    skipped.push({ name: gpu, reason });
  }
  return { device: CPU, chosen: true, skipped };
}

const noIdOfCpu = (id: number) => ({
  reason: `has no --device-id ${id}`,
  message: `it takes all CPUs, and no --device-id; received ${id}`,
});

export const isGpu = (device: Device): device is Device<GpuName> => device.name !== 'cpu';

/**
 * Tries a GPU that may be absent. Files only hint at what is installed, so a session decides; the files name a
 * missing piece better.
 *
 * @throws DeviceError if it cannot be used, with the missing piece
 */
export async function tryGpu(device: Device<GpuName>, context: DeviceContext): Promise<DeviceTrial> {
  const { host, threads, signal } = context;
  const missing = missingPiece(device, host);
  if (missing !== undefined && !packagedGpus(host).includes(device.name))
    throw new DeviceError(device, missing);
  try {
    return await tryDevice(device, threads, signal);
  } catch (error) {
    if (missing === undefined || !(error instanceof DeviceError)) throw error;
    throw new DeviceError(device, missing, error);
  }
}

/** Returns why `auto` rejects a GPU; undefined if it accepts it. */
async function reasonAgainst(
  device: Device<GpuName>,
  { host, threads, signal }: DeviceContext,
): Promise<string | undefined> {
  if (device.name === 'webgpu' && !hasGpu(host)) return 'no GPU';
  const missing = missingPiece(device, host);
  if (missing !== undefined) return missing.reason;
  try {
    const { flops, cpuFlops } = await tryDevice(device, threads, signal);
    return flops > cpuFlops ? undefined : `${(cpuFlops / flops).toFixed(1)} times slower than the CPU`;
  } catch (error) {
    if (error instanceof DeviceError) return error.reason;
    throw error;
  }
}
