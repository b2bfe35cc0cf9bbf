import { openSession } from '../devices/open-session.js';
import type { Device } from '../runtime/devices.js';
import type { Session } from '../runtime/session.js';

export interface MeasuredSessionOptions {
  readonly device: Device;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a model for measuring on this device only, even if `auto` chose it: figures from another device would be
 * reported as this one's.
 *
 * @param onnx its buffer is transferred and not usable afterwards
 * @throws DeviceError if the device cannot be used, with the missing piece
 * @throws HalonetError if the model cannot be loaded
 */
export async function measuredSession(
  onnx: Uint8Array,
  { device, threads, signal }: MeasuredSessionOptions,
): Promise<Session> {
  const choice = { device, chosen: false, skipped: [] };
  return (await openSession(onnx, choice, threads, signal)).session;
}
