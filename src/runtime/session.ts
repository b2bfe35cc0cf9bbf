// src/runtime/: runs ONNX Runtime in a separate thread

import { Worker } from 'node:worker_threads';
import { HalonetError } from '../errors.js';
import { shortageOf } from '../shortage.js';
import { nativeMessage } from './native-message.js';
import type { SessionOptions } from './native-session.js';
import { isOutOfMemory, OutOfMemoryError } from './out-of-memory.js';
import {
  type BatchOutputs,
  CLOSE,
  type RunRequest,
  type RunTiming,
  type WorkerInit,
  type WorkerReply,
} from './protocol.js';
import { ThreadState } from './thread-state.js';

/** The error for a model that ONNX Runtime cannot load on a device. */
export class SessionError extends HalonetError {
  override readonly name = 'SessionError';
  readonly reason: string; // in ONNX Runtime's words
  readonly model: Uint8Array; // for an attempt on another device

  constructor(reason: string, model: Uint8Array) {
    super(`ONNX Runtime cannot load the model: ${reason}`);
    this.reason = reason;
    this.model = model;
  }
}

export interface BatchResult {
  readonly outputs: BatchOutputs; // each [count, …]
  readonly pixels: Uint8Array; // the batch's own buffer, returned for reuse
  readonly timing: RunTiming;
}

const running = new Set<ThreadState>(); // all threads of this process

/**
 * Stops all threads from starting another batch, and blocks until none is inside ONNX Runtime, for at most
 * the given milliseconds in all. Then the process can exit safely.
 */
export function settleThreads(milliseconds: number): void {
  for (const state of running) state.close();
  const end = performance.now() + milliseconds;
  for (const state of running) state.waitUntilIdle(Math.max(0, end - performance.now()));
}

interface Pending {
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (error: Error) => void;
}

/** An ONNX Runtime session on a thread of its own. Batches run one at a time, in call order. */
export class Session {
  /** Whether some operators have no kernel for the device and run on the CPU. */
  readonly mixed: boolean;
  readonly #worker: Worker;
  readonly #state: ThreadState;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #failure: Error | undefined;

  private constructor(worker: Worker, state: ThreadState, mixed: boolean) {
    this.mixed = mixed;
    this.#worker = worker;
    this.#state = state;
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    worker.on('error', (error) => this.#fail(stopped(error)));
    worker.on('exit', () => this.#fail(stopped()));
  }

  /**
   * Starts the thread and loads the model.
   *
   * @param model an ONNX file whose input is `pixels`, uint8 [batch, height, width, 3]; its buffer is transferred
   *   and not usable afterwards
   * @throws SessionError if ONNX Runtime cannot load the model on the device; the error holds the model
   * @throws HalonetError if the thread exits
   */
  static async open(model: Uint8Array, options: SessionOptions): Promise<Session> {
    const state = new ThreadState();
    const init: WorkerInit = { model, flags: state.flags, ...options };
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: init,
      transferList: [model.buffer as ArrayBuffer],
    });
    running.add(state);
    worker.once('exit', () => running.delete(state));
    try {
      return new Session(worker, state, await loaded(worker));
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /**
   * Runs one batch.
   *
   * @param pixels uint8 [count, height, width, 3], RGB; its buffer is transferred and returned with the result
   * @throws OutOfMemoryError if there is not enough memory for a batch of this size; it holds the pixels
   * @throws HalonetError if the run fails or the session is closed
   */
  run(pixels: Uint8Array, shape: RunRequest['shape']): Promise<BatchResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    const request: RunRequest = { id, pixels, shape };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage(request, [pixels.buffer as ArrayBuffer]);
    });
  }

  /**
   * Ends the thread after its current batch; that batch and later ones fail at once. It does not terminate the
   * thread: ONNX Runtime's binding crashes the process if a run returns to a terminated thread.
   */
  async close(): Promise<void> {
    this.#fail(new HalonetError('the inference session is closed'));
    this.#state.close();
    this.#worker.postMessage(CLOSE);
    await this.#ended;
  }

  #settle(reply: WorkerReply): void {
    if (reply.kind === 'ready' || reply.kind === 'unopened') return;
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.kind === 'result') {
      const { outputs, pixels, timing } = reply;
      pending?.resolve({ outputs, pixels, timing });
    } else {
      const message = `ONNX Runtime could not run a batch: ${nativeMessage(reply.message)}`;
      const memory = isOutOfMemory(reply.message);
      pending?.reject(memory ? new OutOfMemoryError(message, reply.pixels) : new HalonetError(message));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/** Resolves once the thread has loaded its model, to whether it is mixed; rejects if it cannot load it, or exits first. */
function loaded(worker: Worker): Promise<boolean> {
  return new Promise((resolve, reject) => {
    worker.once('message', (reply: WorkerReply) => {
      if (reply.kind === 'ready') return resolve(reply.mixed);
      if (reply.kind === 'unopened') return reject(new SessionError(reply.message, reply.model));
      return reject(new HalonetError('the inference thread answered before it was ready'));
    });
    worker.once('error', (error) => reject(stopped(error)));
    worker.once('exit', () => reject(stopped()));
  });
}

function stopped(cause?: Error): HalonetError {
  const shortage = shortageOf(cause);
  if (shortage !== undefined) return shortage;
  return new HalonetError(`inference stopped: ${cause?.message ?? 'its thread ended'}`, { cause });
}
