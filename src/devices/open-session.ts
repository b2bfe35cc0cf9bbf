import { CPU } from '../runtime/devices.js';
import { deviceFailure } from '../runtime/failures.js';
import { Session, SessionError } from '../runtime/session.js';
import { type DeviceChoice, isGpu } from './choose-device.js';
import { tryDevice } from './try-device.js';

/** A session, and the outcome of choosing its device. */
export interface OpenedSession extends DeviceChoice {
  readonly session: Session;
}

/**
 * Opens a model on the chosen device. If a GPU that halonet chose cannot load it, falls back to the CPU; if the
 * user asked for that GPU, throws.
 *
 * @param onnx as for {@link Session.open}
 * @throws DeviceError if the device cannot be used, with the missing piece
 * @throws HalonetError if the model cannot be loaded
 * @throws the signal's reason when it aborts while the device is tried
 */
export async function openSession(
  onnx: Uint8Array,
  { device, chosen, skipped }: DeviceChoice,
  threads: number,
  signal?: AbortSignal,
): Promise<OpenedSession> {
  try {
    const session = await Session.open(onnx, { threads, device });
    return { session, device, chosen, skipped };
  } catch (error) {
    if (!(error instanceof SessionError && isGpu(device))) throw error;
    if (!chosen) await tryDevice(device, threads, signal); // reports faults of the device itself more clearly
    const failure = deviceFailure(device, error.reason, error);
    if (!chosen) throw failure;
    const session = await Session.open(error.model, { threads, device: CPU });
    return {
      session,
      device: CPU,
      chosen,
      skipped: [...skipped, { name: device.name, reason: failure.reason }],
    };
  }
}
