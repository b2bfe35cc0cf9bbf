import { readFileSync, writeSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import { CPU } from './devices.js';
import { type NativeSession, openNative } from './native-session.js';
import type { ProbeReply, ProbeRequest, ProbeResult } from './probe.js';

// The process that tries a device. It exits by itself, or the driver crashes it.

const [STDIN, STDOUT] = [0, 1];

// A GPU needs many images to show its speed. But if it is ten times slower on one image, it will not become faster.
const BATCHES = [1, 32];
const HOPELESS = 10;

const reply = await probe(deserialize(readFileSync(STDIN))).catch((error: unknown): ProbeReply => {
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
});
writeSync(STDOUT, `\n${JSON.stringify(reply)}\n`);

async function probe(request: ProbeRequest): Promise<ProbeReply> {
  const { onnx, device, threads } = request;
  const own = await openNative(onnx, { threads, device });
  const cpu = await openNative(onnx, { threads, device: CPU });
  const one = imagesOf(request, 1);
  const error = largestError(await compute(own, one), await compute(cpu, one));
  let result: ProbeResult = { error, secondsPerImage: 0, cpuSecondsPerImage: 0, mixed: own.mixed };
  for (const batch of BATCHES) {
    const images = imagesOf(request, batch);
    const secondsPerImage = (await fastest(own, images)) / batch;
    const cpuSecondsPerImage = (await fastest(cpu, images)) / batch;
    result = { ...result, secondsPerImage, cpuSecondsPerImage };
    if (secondsPerImage > HOPELESS * cpuSecondsPerImage) break;
  }
  await own.session.release();
  await cpu.session.release();
  return { kind: 'done', ...result };
}

/** Returns the seconds of the faster of two runs, after one that compiles and allocates. */
async function fastest(native: NativeSession, images: OrtTensor): Promise<number> {
  await compute(native, images);
  const times: number[] = [];
  for (let i = 0; i < 2; i++) {
    const start = performance.now();
    await compute(native, images);
    times.push((performance.now() - start) / 1000);
  }
  return Math.min(...times);
}

function imagesOf({ height, width }: ProbeRequest, batch: number): OrtTensor {
  // The high bits of a multiplicative hash: reproducible noise.
  const pixels = Uint8Array.from({ length: batch * height * width * 3 }, (_, i) => (i * 2654435761) >>> 24);
  return new OrtTensor('uint8', pixels, [batch, height, width, 3]);
}

async function compute({ session }: NativeSession, pixels: OrtTensor): Promise<Float32Array> {
  const [output] = Object.values(await session.run({ pixels }));
  if (!(output?.data instanceof Float32Array)) throw new TypeError('the probe has no float32 output');
  return output.data;
}

/** Returns the largest difference, relative to the largest value. */
function largestError(actual: Float32Array, expected: Float32Array): number {
  const largest = (values: Float32Array) => values.map(Math.abs).reduce((a, b) => Math.max(a, b));
  return largest(actual.map((value, i) => value - (expected[i] ?? Number.NaN))) / largest(expected);
}
