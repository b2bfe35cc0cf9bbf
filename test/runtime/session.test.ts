import assert from 'node:assert/strict';
import { HalonetError } from '../../src/errors.js';
import { Session } from '../../src/runtime/session.js';
import { asFloat32 } from '../../src/tensor.js';
import { DEMO_MODEL, onCpu, onnxOf } from '../support/demo.js';
import { threadsOf } from '../support/processes.js';
import { readBytes, readFloats } from '../support/read-npy.js';
import { relativeError } from '../support/relative-error.js';

const IMAGE_BYTES = 128 * 128 * 3;
const { data: samples } = await readBytes('fixtures/demo-samples/samples.npy');
const { data: expected } = await readFloats('fixtures/demo-samples/samples_logits.npy');
const image = (i: number) => samples.slice(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES);

describe('Session', () => {
  let session: Session;
  before(async () => {
    session = await Session.open(onnxOf(DEMO_MODEL, [{ name: 'logits' }]).onnx, onCpu(1));
  });
  after(() => session.close());

  it("computes timm's logits for batches of any size", async () => {
    for (const count of [1, 3, 8]) {
      const pixels = new Uint8Array(Buffer.concat(Array.from({ length: count }, (_, i) => image(i))));
      const { outputs } = await session.run(pixels, [count, 128, 128, 3]);
      assert.deepEqual(outputs.logits?.shape, [count, 16]);
      assert.equal(outputs.logits?.dtype, 'float32');
      const error = relativeError(
        asFloat32(outputs.logits?.data ?? new Uint8Array()),
        expected.slice(0, count * 16),
      );
      assert.ok(error < 1e-4, `relative error ${error}`);
    }
  });

  it('returns the pixel buffer, and answers calls in order', async () => {
    const runs = [5, 6, 7].map((i) => session.run(image(i), [1, 128, 128, 3]));
    for (const [n, result] of (await Promise.all(runs)).entries()) {
      assert.deepEqual(result.pixels, image(5 + n));
      const logits = asFloat32(result.outputs.logits?.data ?? new Uint8Array());
      assert.ok(relativeError(logits, expected.slice((5 + n) * 16, (6 + n) * 16)) < 1e-4);
    }
  });

  it('keeps the calling thread free while it runs', async () => {
    const pixels = new Uint8Array(Buffer.concat(Array.from({ length: 32 }, (_, i) => image(i))));
    let turns = 0;
    let done = false;
    const running = session.run(pixels, [32, 128, 128, 3]).finally(() => {
      done = true;
    });
    while (!done) {
      await new Promise(setImmediate);
      turns++;
    }
    await running;
    assert.ok(turns > 10, `the event loop turned ${turns} times`);
  });

  it('computes with the requested number of threads', async function () {
    if (process.platform !== 'linux') this.skip(); // threads can only be counted there
    const { onnx } = onnxOf(DEMO_MODEL, [{ name: 'logits' }]);
    const started = async (threads: number) => {
      const before = threadsOf(process.pid);
      const other = await Session.open(onnx.slice(), onCpu(threads));
      const during = threadsOf(process.pid);
      await other.close();
      return during - before;
    };
    const alone = await started(1); // the inference thread also computes
    assert.equal((await started(6)) - alone, 5);
  });

  it('rejects a batch of the wrong shape, and stays usable', async () => {
    await assert.rejects(session.run(new Uint8Array(3), [1, 1, 1, 3]), HalonetError);
    await session.run(image(0), [1, 128, 128, 3]);
  });

  it('refuses bytes that are not a model', async () => {
    await assert.rejects(Session.open(new Uint8Array(100).fill(7), onCpu(1)), /cannot load the model/);
  });

  it('rejects pending and later batches when it is closed', async () => {
    const other = await Session.open(onnxOf(DEMO_MODEL, [{ name: 'logits' }]).onnx, onCpu(1));
    const underWay = other.run(image(0), [1, 128, 128, 3]);
    await Promise.all([assert.rejects(underWay, /closed/), other.close()]);
    await assert.rejects(other.run(image(0), [1, 128, 128, 3]), /closed/);
  });
});

describe('closing a session during a run', () => {
  it('leaves the process running, whatever the moment', async () => {
    const { onnx } = onnxOf(DEMO_MODEL, [{ name: 'logits' }]);
    const pixels = Buffer.concat([image(0), image(1), image(2), image(3)]);
    for (let milliseconds = 0; milliseconds < 20; milliseconds++) {
      const session = await Session.open(onnx.slice(), onCpu(1));
      const runs = [1, 2].map(() => session.run(new Uint8Array(pixels), [4, 128, 128, 3]));
      const ends = Promise.allSettled(runs);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await session.close();
      await ends;
    }
  });
});

describe('outputs computed in the graph', () => {
  const run = async (request: Parameters<typeof onnxOf>[1]) => {
    const session = await Session.open(onnxOf(DEMO_MODEL, request).onnx, onCpu(1));
    try {
      return (await session.run(image(0), [1, 128, 128, 3])).outputs;
    } finally {
      await session.close();
    }
  };

  it('include probabilities, unit-length embeddings and averaged stages', async () => {
    const plain = await run([{ name: 'logits' }, { name: 'embedding' }, { name: 'stage2' }]);
    const finished = await run([
      { name: 'probabilities' },
      { name: 'embedding', normalize: true },
      { name: 'stage2', pool: 'avg' },
    ]);
    const values = (from: typeof plain, name: string) => [...asFloat32(from[name]?.data ?? new Uint8Array())];
    const close = (actual: readonly number[], wanted: readonly number[]) => {
      assert.ok(wanted.length > 0);
      assert.equal(actual.length, wanted.length);
      for (const [i, v] of wanted.entries()) assert.ok(Math.abs((actual[i] ?? Number.NaN) - v) < 1e-5);
    };
    const exps = values(plain, 'logits').map(Math.exp);
    const sum = exps.reduce((a, b) => a + b);
    close(
      values(finished, 'probabilities'),
      exps.map((e) => e / sum),
    );
    const embedding = values(plain, 'embedding');
    const length = Math.hypot(...embedding);
    close(
      values(finished, 'embedding'),
      embedding.map((v) => v / length),
    );
    const map = values(plain, 'stage2'); // [128, 16, 16]
    const means = Array.from(
      { length: 128 },
      (_, c) => map.slice(c * 256, (c + 1) * 256).reduce((a, b) => a + b) / 256,
    );
    close(values(finished, 'stage2'), means);
  });

  it('can be float16', async () => {
    const half = (await run([{ name: 'embedding', dtype: 'float16' }])).embedding;
    const single = (await run([{ name: 'embedding' }])).embedding;
    assert.equal(half?.dtype, 'float16');
    assert.equal(half?.data.byteLength, 1024);
    const values = asFloat32(single?.data ?? new Uint8Array());
    assert.equal(values.length, 512);
    assert.ok(values.some((v) => v > 0) && values.some((v) => v < 0));
    const view = new DataView(half?.data.buffer ?? new ArrayBuffer(0));
    for (const [i, v] of values.entries()) {
      const rounded = fromHalf(view.getUint16(2 * i, true));
      assert.ok(Math.abs(rounded - v) <= Math.abs(v) * 2 ** -10 + 1e-7, `${rounded} for ${v}`);
    }
  });
});

/** Returns a finite half-precision number from its bits. */
function fromHalf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}
