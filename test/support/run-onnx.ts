import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';

/** Runs a model on images [count, height, width, 3] with ONNX Runtime itself, without our session. */
export async function runOnnx(
  onnx: Uint8Array,
  pixels: Uint8Array,
  count: number,
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const [input] = session.inputMetadata;
    if (input?.isTensor !== true) throw new TypeError('the model has no tensor as its input');
    const shape = [count, ...input.shape.slice(1).map(Number)];
    const outputs = await session.run({ pixels: new OrtTensor('uint8', pixels, shape) });
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => {
        if (!(data instanceof Float32Array)) throw new TypeError(`output ${name} is not float32`);
        return [name, data.slice()];
      }),
    );
  } finally {
    await session.release();
  }
}
