import { parentPort, workerData } from 'node:worker_threads';
import { env, type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { DType, Tensor } from '../tensor.js';
import { openNative } from './native-session.js';
import type { BatchOutputs, RunRequest, WorkerInit, WorkerReply } from './protocol.js';

// The inference thread: ONNX Runtime's run() blocks the event loop of the thread that calls it.

const DTYPES: Readonly<Record<string, DType>> = { float32: 'float32', float16: 'float16' };

const port = parentPort;
if (port !== null) await serve(port, workerData as WorkerInit);

async function serve(parent: NonNullable<typeof parentPort>, init: WorkerInit): Promise<void> {
  const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []) => parent.postMessage(message, transfer);
  const { model } = init;
  env.logLevel = 'fatal'; // what goes wrong is thrown, too, and reported in our words
  const opened = await openNative(model, init).catch((error: unknown) => {
    reply({ kind: 'unopened', message: reason(error), model }, [model.buffer as ArrayBuffer]);
  });
  if (opened === undefined) return;
  const { session, mixed } = opened;
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
      reply({ kind: 'result', id, outputs, pixels, timing }, [...buffers, pixels.buffer as ArrayBuffer]);
    } catch (error) {
      reply({ kind: 'failed', id, message: reason(error), pixels }, [pixels.buffer as ArrayBuffer]);
    }
  };
  let answered = Promise.resolve();
  parent.on('message', (request: RunRequest) => {
    answered = answered.then(() => answer(request)); // one at a time, as timings are of one batch
  });
  reply({ kind: 'ready', mixed });
}

// What fails is reported by its error: the runtime would also log it, on standard error.
const SILENT = { logSeverityLevel: 4 } as const;

async function runBatch(session: InferenceSession, { pixels, shape }: RunRequest): Promise<BatchOutputs> {
  const results = await session.run({ pixels: new OrtTensor('uint8', pixels, shape) }, SILENT);
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toTensor(value)]));
}

/** A copy in a buffer that can be transferred: the runtime owns its own. */
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
