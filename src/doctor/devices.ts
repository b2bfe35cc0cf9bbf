import { type DeviceContext, isGpu, tryGpu } from '../devices/choose-device.js';
import { type DeviceTrial, tryDevice } from '../devices/try-device.js';
import {
  CPU,
  DEVICE_NAMES,
  type Device,
  type DeviceName,
  type Host,
  packagedGpus,
} from '../runtime/devices.js';
import { DeviceError } from '../runtime/failures.js';
import { hasGpu } from '../runtime/preconditions.js';

/** The outcome of trying a device. */
export type DeviceReport =
  | ({ readonly name: DeviceName; readonly status: 'works' } & DeviceTrial)
  | {
      readonly name: DeviceName;
      readonly status: 'absent';
      readonly reason: string; // in a few words
      readonly detail: string; // in a sentence
      readonly hint: string | undefined; // how to get it
      readonly obtainable: boolean; // on this platform
    };

/** Tries every device in turn, the CPU first. */
export async function examineDevices(context: DeviceContext): Promise<readonly DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const name of DEVICE_NAMES) reports.push(await examine(name, context));
  return reports;
}

/**
 * Returns what a device lacks: first of all a GPU, as for `auto`; then the hint is left out, since a driver alone would not help.
 */
export function lackOf({ reason, detail, hint }: DeviceError, { name }: Device, host: Host) {
  if (name !== 'webgpu' || !packagedGpus(host).includes(name) || hasGpu(host))
    return { reason, detail, hint };
  return { reason: `no GPU, ${reason}`, detail: `there is no GPU; ${detail}`, hint: undefined };
}

async function examine(name: DeviceName, context: DeviceContext): Promise<DeviceReport> {
  const device = { name, id: 0 };
  try {
    const trial = isGpu(device)
      ? await tryGpu(device, context)
      : await tryDevice(CPU, context.threads, context.signal);
    return { name, status: 'works', ...trial };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const obtainable = !isGpu(device) || packagedGpus(context.host).includes(device.name);
    return { name, status: 'absent', obtainable, ...lackOf(error, device, context.host) };
  }
}
