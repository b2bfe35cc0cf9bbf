import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { env, type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { DType, Tensor } from '../tensor.js';
import { openNative } from './native-session.js';
import { type BatchOutputs, CLOSE, type RunRequest, type WorkerInit, type WorkerReply } from './protocol.js';
import { ThreadState } from './thread-state.js';

// The inference thread: ONNX Runtime's run() blocks the event loop of the thread that calls it.

const DTYPES: Readonly<Record<string, DType>> = { float32: 'float32', float16: 'float16' };

const port = parentPort;
if (port !== null) {
  const init = workerData as WorkerInit;
  const state = new ThreadState(init.flags);
  const session = await state.compute(() => open(port, init));
  if (session !== undefined) serve(port, session, state);
}

/** Loads the model and reports the outcome. */
async function open(parent: MessagePort, init: WorkerInit): Promise<InferenceSession | undefined> {
  const { model } = init;
  const buffer = model.buffer as ArrayBuffer;
  env.logLevel = 'fatal'; // errors are also thrown, and reported in our words
  try {
    const { session, mixed } = await openNative(model, init);
    structuredClone(buffer, { transfer: [buffer] }); // releases it: the runtime has copied what it needs
    send(parent, { kind: 'ready', mixed });
    return session;
  } catch (error) {
    send(parent, { kind: 'unopened', message: reason(error), model }, [buffer]);
    return undefined;
  }
}

function send(parent: MessagePort, message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  parent.postMessage(message, transfer);
}

/** Answers requests one at a time, until the thread closes. */
function serve(parent: MessagePort, session: InferenceSession, state: ThreadState): void {
  let idleSince: number | undefined;
  const answer = async (request: RunRequest): Promise<void> => {
    const { id, pixels } = request;
    const start = performance.now();
    const waited = start - (idleSince ?? start);
    try {
      const outputs = await runBatch(session, request);
      idleSince = performance.now();
      const timing = { ran: (idleSince - start) / 1000, waited: waited / 1000 };
      const buffers = Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer);
      send(parent, { kind: 'result', id, outputs, pixels, timing }, [
        ...buffers,
        pixels.buffer as ArrayBuffer,
      ]);
    } catch (error) {
      idleSince = performance.now();
      send(parent, { kind: 'failed', id, message: reason(error), pixels }, [pixels.buffer as ArrayBuffer]);
    }
  };
  let answered = Promise.resolve();
  parent.on('message', (request: RunRequest | typeof CLOSE) => {
    if (request === CLOSE)
      parent.close(); // with nothing left to wait for, the thread exits
    else answered = answered.then(() => state.compute(() => answer(request))); // one at a time, so that timings are per batch
  });
}

// Failures are thrown; the runtime would also log them on standard error.
const SILENT = { logSeverityLevel: 4 } as const;

async function runBatch(session: InferenceSession, { pixels, shape }: RunRequest): Promise<BatchOutputs> {
  const results = await session.run({ pixels: new OrtTensor('uint8', pixels, shape) }, SILENT);
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toTensor(value)]));
}

/** Copies into a transferable buffer: the runtime owns its own. */
function toTensor(value: OrtTensor): Tensor {
  const dtype = DTYPES[value.type];
  const { data } = value;
  if (dtype === undefined || !ArrayBuffer.isView(data)) throw new Error(`output of type ${value.type}`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype, shape: value.dims, data: bytes.slice() };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
