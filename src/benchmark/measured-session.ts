import { openSession } from '../devices/open-session.js';
import type { Device } from '../runtime/devices.js';
import type { Session } from '../runtime/session.js';

export interface MeasuredSessionOptions {
  readonly device: Device;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a model to be measured: on this device or on none, whoever chose it. Figures of another would be taken for its own.
 *
 * @param onnx its buffer is transferred and not usable afterwards
 * @throws DeviceError when the device cannot be used, with the missing piece
 * @throws HalonetError when the model cannot be loaded
 */
export async function measuredSession(
  onnx: Uint8Array,
  { device, threads, signal }: MeasuredSessionOptions,
): Promise<Session> {
  const choice = { device, chosen: false, passedOver: [] };
  return (await openSession(onnx, choice, threads, signal)).session;
}
