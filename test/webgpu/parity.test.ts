import assert from 'node:assert/strict';
import { CPU, type Device } from '../../src/runtime/devices.js';
import { DeviceError, deviceFailure } from '../../src/runtime/failures.js';
import type { BatchOutputs } from '../../src/runtime/protocol.js';
import { Session, SessionError } from '../../src/runtime/session.js';
import { asFloat32 } from '../../src/tensor.js';
import { converted } from '../support/converted.js';
import { onnxOf } from '../support/demo.js';
import { readBytes } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const WEBGPU: Device = { name: 'webgpu', id: 0 };
const STAGES = ['stage0', 'stage1', 'stage2', 'stage3', 'stage4'];
const BATCH = 2;

const { data: samples } = await readBytes('fixtures/demo-samples/samples.npy');
const pixels = () => samples.slice(0, BATCH * 128 * 128 * 3);

async function compute(
  onnx: Uint8Array,
  device: Device,
): Promise<{ readonly outputs: BatchOutputs; readonly mixed: boolean }> {
  const session = await Session.open(onnx.slice(), { threads: 2, device });
  try {
    const { outputs } = await session.run(pixels(), [BATCH, 128, 128, 3]);
    return { outputs, mixed: session.mixed };
  } finally {
    await session.close();
  }
}

/** Returns the relative error of WebGPU compared with the CPU, by output. */
async function errorsOf(onnx: Uint8Array): Promise<Readonly<Record<string, number>>> {
  const { outputs: expected } = await compute(onnx, CPU);
  const { outputs: actual, mixed } = await compute(onnx, WEBGPU);
  assert.equal(mixed, false, 'every operator runs on the device');
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  const values = (outputs: BatchOutputs, name: string) => asFloat32(outputs[name]?.data ?? new Uint8Array());
  return Object.fromEntries(
    Object.keys(expected).map((name) => [name, relativeError(values(actual, name), values(expected, name))]),
  );
}

describe('WebGPU', () => {
  it('computes the same logits, embedding and stages of the demo model as the CPU', async () => {
    const errors = await errorsOf(await converted('demo', { more: STAGES }));
    assert.deepEqual(Object.keys(errors), ['logits', 'embedding', ...STAGES]);
    for (const [name, error] of Object.entries(errors)) assert.ok(error < 1e-5, `${name}: ${error}`);
  });

  it('computes the demo model in half precision, or reports that it cannot', async () => {
    const half = await converted('demo', { precision: 'fp16', more: STAGES });
    try {
      const errors = await errorsOf(half);
      for (const [name, error] of Object.entries(errors)) assert.ok(error < 1e-2, `${name}: ${error}`);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      const failure = deviceFailure(WEBGPU, error.reason);
      assert.ok(failure instanceof DeviceError);
      assert.match(failure.message, /does not compute in half precision/);
    }
  });

  it('leaves an unsupported operator to the CPU, and reports so', async () => {
    // WebGPU has no Selu.
    const session = await Session.open(
      onnxOf('fixtures/parity/options/act-selu', [{ name: 'embedding' }]).onnx,
      { threads: 1, device: WEBGPU },
    );
    assert.equal(session.mixed, true);
    await session.close();
  });
});
