import { encodeOnnx } from '../formats/onnx/encode.js';
import { toStandardOps } from '../model/passes/standard-ops.js';
import { probeNetwork } from '../model/probe-network.js';
import { type Device, hasFusedOperators } from '../runtime/devices.js';
import { probeDevice } from '../runtime/probe.js';

/** The speed of a device that computes correctly, and its deviation from the CPU. */
export interface DeviceTrial {
  readonly error: number; // max |device − CPU| / max |CPU|
  readonly flops: number; // floating-point operations per second
  readonly cpuFlops: number; // the CPU's, in the same trial
  readonly mixed: boolean; // some operators have no kernel for the device and run on the CPU
}

/**
 * Tries a device with a small network made of the same operators as ours.
 *
 * @param threads of the CPU that it is compared with
 * @throws DeviceError if it cannot be used, with the missing piece
 */
export async function tryDevice(device: Device, threads: number, signal?: AbortSignal): Promise<DeviceTrial> {
  const { graph, height, width, macs } = probeNetwork();
  const onnx = encodeOnnx(hasFusedOperators(device.name) ? graph : toStandardOps(graph));
  const result = await probeDevice({ onnx, height, width, device, threads }, signal);
  return {
    error: result.error,
    flops: (2 * macs) / result.secondsPerImage,
    cpuFlops: (2 * macs) / result.cpuSecondsPerImage,
    mixed: result.mixed,
  };
}
