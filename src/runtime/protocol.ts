import type { Tensor } from '../tensor.js';
import type { SessionOptions } from './native-session.js';

/** The start message of the inference thread. The model's buffer is transferred. */
export interface WorkerInit extends SessionOptions {
  readonly model: Uint8Array; // an ONNX file
  readonly flags: Int32Array<SharedArrayBuffer>; // of its ThreadState
}

/** One batch for the inference thread. The pixels' buffer is transferred, and returned with the reply. */
export interface RunRequest {
  readonly id: number;
  readonly pixels: Uint8Array; // [count, height, width, 3]
  readonly shape: readonly [number, number, number, number];
}

/** The last message to the inference thread. */
export const CLOSE = 'close';

export type WorkerReply =
  | { readonly kind: 'ready'; readonly mixed: boolean }
  | { readonly kind: 'unopened'; readonly message: string; readonly model: Uint8Array } // returns the model
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly outputs: BatchOutputs;
      readonly pixels: Uint8Array;
      readonly timing: RunTiming;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly pixels: Uint8Array };

/** How the inference thread spent its time. */
export interface RunTiming {
  readonly ran: number; // seconds, on the batch
  readonly waited: number; // seconds without work since the previous batch; 0 for the first
}

/** The tensors of a batch by output name, each [count, …]. */
export type BatchOutputs = Readonly<Record<string, Tensor>>;
