import { InferenceSession } from 'onnxruntime-node';
import { type Device, executionProvider } from './devices.js';

/** Where and how a network runs. */
export interface SessionOptions {
  readonly threads: number; // CPU threads per operator, at least 1
  readonly device: Device;
}

/** An ONNX Runtime session on the calling thread, which it blocks while it opens and runs. */
export interface NativeSession {
  readonly session: InferenceSession;
  readonly mixed: boolean; // some operators have no kernel for the device and run on the CPU
}

/**
 * Opens a session on a device.
 *
 * @throws ONNX Runtime's Error if the device is missing or the model cannot be loaded
 */
export async function openNative(
  model: Uint8Array,
  { threads, device }: SessionOptions,
): Promise<NativeSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [executionProvider(device)],
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    // ONNX Runtime would keep a pattern, with its memory, for every batch size. Without patterns, the full-size
    // network uses 870 MB instead of 1240 after batches of 1 to 16, at the same speed.
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
  if (device.name === 'cpu') return { session: await InferenceSession.create(model, options), mixed: false };
  try {
    const session = await InferenceSession.create(model, {
      ...options,
      logSeverityLevel: 4, // fatal errors are thrown as well
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    });
    return { session, mixed: false };
  } catch (error) {
    if (!/fallback to CPU EP has been explicitly disabled/.test(String(error))) throw error;
    return { session: await InferenceSession.create(model, options), mixed: true };
  }
}
