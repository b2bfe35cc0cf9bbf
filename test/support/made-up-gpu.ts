import { createRequire } from 'node:module';
import type { InferenceSession } from 'onnxruntime-node';

// Loaded before the command line, and before every thread and process that it starts: in WebGPU's place, ONNX Runtime then has
// a device with little memory. It computes on the CPU, so that it can be had on every machine. (node:process is not imported:
// that opens standard input, from which the process that tries devices reads.)

const MEMORY_VARIABLE = 'HALONET_TEST_GPU_BYTES';

/** The environment in which `--device webgpu` opens, and refuses models of more than so many bytes. */
export function withMadeUpGpu(bytes: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.url}`,
    [MEMORY_VARIABLE]: String(bytes),
    ORT_DISABLE_TELEMETRY: '1', // these two, a module loaded beforehand fixes before bin/halonet.cjs can
    UV_THREADPOOL_SIZE: '4',
  };
}

/** What ONNX Runtime asks of a backend, as far as it goes here. */
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

const PRIORITY = 1000; // above what onnxruntime-node registers

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
