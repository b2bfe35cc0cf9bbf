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
import { tryDevice } from './try-device.js';

/** What was asked for. */
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

/** The device that a network is to run on. */
export interface DeviceChoice {
  readonly device: Device;
  readonly chosen: boolean; // rather than asked for
  readonly passedOver: readonly PassedOver[]; // tried before it
}

/** A GPU that was not taken, and in a few words why. */
export interface PassedOver {
  readonly name: GpuName;
  readonly reason: string;
}

/**
 * The device for a request. `auto` takes the first GPU on which a small network runs, rightly and faster than on the CPU,
 * else the CPU; what is plainly absent is not tried.
 *
 * @throws DeviceError when a device that is asked for by name is plainly absent
 */
export async function chooseDevice(request: DeviceRequest, context: DeviceContext): Promise<DeviceChoice> {
  const { name, id } = request;
  if (name !== 'auto') {
    const device = { name, id };
    if (isGpu(device)) await assertPresent(device, context);
    return { device, chosen: false, passedOver: [] };
  }
  const passedOver: PassedOver[] = [];
  for (const gpu of packagedGpus(context.host)) {
    const reason = await reasonAgainst({ name: gpu, id }, context);
    if (reason === undefined) return { device: { name: gpu, id }, chosen: true, passedOver };
    passedOver.push({ name: gpu, reason });
  }
  return { device: CPU, chosen: true, passedOver };
}

export const isGpu = (device: Device): device is Device<GpuName> => device.name !== 'cpu';

/** Files only hint at what is there: where one is missing, a session has the last word. */
async function assertPresent(
  device: Device<GpuName>,
  { host, threads, signal }: DeviceContext,
): Promise<void> {
  const missing = missingPiece(device, host);
  if (missing === undefined) return;
  if (packagedGpus(host).includes(device.name)) {
    const works = await tryDevice(device, threads, signal).then(
      () => true,
      (error) => {
        if (error instanceof DeviceError) return false;
        throw error;
      },
    );
    if (works) return;
  }
  throw new DeviceError(device, missing);
}

/** Why `auto` does not take a GPU; undefined when it does. */
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
