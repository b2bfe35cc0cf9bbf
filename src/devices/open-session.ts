import { CPU } from '../runtime/devices.js';
import { deviceFailure } from '../runtime/failures.js';
import { Session, SessionError } from '../runtime/session.js';
import { type DeviceChoice, isGpu } from './choose-device.js';
import { tryDevice } from './try-device.js';

/** A session, and what came of the choice of its device. */
export interface OpenedSession extends DeviceChoice {
  readonly session: Session;
}

/**
 * Opens a model on the device that was chosen. A GPU that was chosen by halonet and cannot load it gives way to the CPU;
 * one that was asked for does not.
 *
 * @param onnx as for {@link Session.open}
 * @throws DeviceError when the device cannot be used, with the missing piece
 * @throws HalonetError when the model cannot be loaded
 * @throws the signal's reason when it aborts while the device is tried
 */
export async function openSession(
  onnx: Uint8Array,
  { device, chosen, passedOver }: DeviceChoice,
  threads: number,
  signal?: AbortSignal,
): Promise<OpenedSession> {
  try {
    const session = await Session.open(onnx, { threads, device });
    return { session, device, chosen, passedOver };
  } catch (error) {
    if (!(error instanceof SessionError && isGpu(device))) throw error;
    if (!chosen) await tryDevice(device, threads, signal); // what is wrong with the device itself is named better there
    const failure = deviceFailure(device, error.reason, error);
    if (!chosen) throw failure;
    const session = await Session.open(error.model, { threads, device: CPU });
    return {
      session,
      device: CPU,
      chosen,
      passedOver: [...passedOver, { name: device.name, reason: failure.reason }],
    };
  }
}
