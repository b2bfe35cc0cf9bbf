import { type DeviceContext, isGpu, tryGpu } from '../devices/choose-device.js';
import { type DeviceTrial, tryDevice } from '../devices/try-device.js';
import { CPU, DEVICE_NAMES, type DeviceName, packagedGpus } from '../runtime/devices.js';
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

/** Adds to a report what `auto` says of the same machine: no library would make WebGPU worth using. */
function withoutGpu(report: Extract<DeviceReport, { status: 'absent' }>): DeviceReport {
  const { reason, detail } = report;
  return {
    ...report,
    reason: `no GPU, ${reason}`,
    detail: `there is no GPU, and ${detail}`,
    hint: undefined,
  };
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
    const { reason, detail, hint } = error;
    const obtainable = !isGpu(device) || packagedGpus(context.host).includes(device.name);
    const absent = { name, status: 'absent', reason, detail, hint, obtainable } as const;
    return name === 'webgpu' && obtainable && !hasGpu(context.host) ? withoutGpu(absent) : absent;
  }
}
