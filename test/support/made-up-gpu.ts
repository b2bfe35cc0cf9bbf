import { createRequire } from 'node:module';
import type { InferenceSession } from 'onnxruntime-node';

// Preloaded into the command line and every thread and process that it starts, to replace WebGPU in ONNX Runtime with a
// fake device that has little memory. It computes on the CPU, so it works on every machine. (node:process is not
// imported: that would open standard input, from which the process that tries devices reads.)

const MEMORY_VARIABLE = 'HALONET_TEST_GPU_BYTES';

/** Returns the environment in which `--device webgpu` works, but rejects models larger than this many bytes. */
export function withMadeUpGpu(bytes: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.url}`,
    [MEMORY_VARIABLE]: String(bytes),
    ORT_DISABLE_TELEMETRY: '1', // preloading a module fixes these two before bin/halonet.cjs can
    UV_THREADPOOL_SIZE: '4',
  };
}

/** The part of ONNX Runtime's backend interface that is used here. */
interface Backend {
  init(): Promise<void>;
  createInferenceSessionHandler(
    model: Uint8Array,
    options: InferenceSession.SessionOptions,
  ): Promise<unknown>;
}

interface Backends {
  registerBackend(name: string, backend: Backend, priority: number): void;
}

const PRIORITY = 1000; // above those that onnxruntime-node registers

function register(bytes: number): void {
  // The module that onnxruntime-node itself requires.
  const requireThere = createRequire(createRequire(import.meta.url).resolve('onnxruntime-node'));
  const gpu: Backend = {
    init: async () => {},
    createInferenceSessionHandler: (model, { intraOpNumThreads }) => {
      if (model.byteLength > bytes) throw new Error('the made-up GPU has no room for this model');
      const { onnxruntimeBackend }: { readonly onnxruntimeBackend: Backend } = requireThere('./backend.js');
      const options = { executionProviders: ['cpu'], ...(intraOpNumThreads && { intraOpNumThreads }) };
      return onnxruntimeBackend.createInferenceSessionHandler(model, options);
    },
  };
  const { registerBackend }: Backends = requireThere('onnxruntime-common');
  registerBackend('webgpu', gpu, PRIORITY);
}

const bytes = process.env[MEMORY_VARIABLE];
if (bytes !== undefined) register(Number(bytes));
