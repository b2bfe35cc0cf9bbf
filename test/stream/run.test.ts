import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FileItem } from '../../src/file-item.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';
import { decodeImage } from '../../src/images/decode.js';
import type { FoundItem, Item } from '../../src/item.js';
import type { OkRow, Row } from '../../src/rows.js';
import { Session } from '../../src/runtime/session.js';
import { run } from '../../src/stream/run.js';
import type { Machine } from '../../src/stream/tuning.js';
import { asFloat32 } from '../../src/tensor.js';
import { HALONET } from '../images/support.js';
import { DEMO_MODEL, onCpu, onnxOf } from '../support/demo.js';
import { relativeError } from '../support/relative-error.js';

const GOOD = ['chelsea.jpg', 'coffee.jpg', 'small.png', 'gray.jpg'].map(
  (name) => `fixtures/preprocess/${name}`,
);
const BAD = ['fixtures/preprocess', 'fixtures/preprocess/cases.json', '/no/such/file.png'];
const PATHS = Array.from({ length: 60 }, (_, i) => (i % 5 < 4 ? GOOD[i % 4] : BAD[i % 3]) ?? '');

const PREPROCESSING = { ...HALONET, height: 128, width: 128, cropPct: 1 };

const MACHINE: Machine = { decoders: 3, memory: () => ({ resident: 0, available: 2 ** 30 }) };

async function* found(): AsyncGenerator<Item> {
  for (const path of PATHS) yield new FileItem(path);
}

/** A sink that keeps the rows and fails at row `failAt`. */
function keeping(failAt = Number.POSITIVE_INFINITY) {
  const rows: Row[] = [];
  const write = async (row: Row) => {
    if (rows.length === failAt) throw new Error('the sink is full');
    rows.push(row);
  };
  return { rows, write };
}

type Write = (row: Row) => Promise<void>;

const SAME = 1e-5; // relative; CPUs may sum in a different order for other batch sizes

const logitsOf = ({ outputs }: OkRow) => asFloat32(outputs.logits?.data ?? new Uint8Array());

describe('run', () => {
  let session: Session;
  before(async () => {
    session = await Session.open(onnxOf(DEMO_MODEL, [{ name: 'logits' }]).onnx, onCpu(1));
  });
  after(() => session.close());

  const start = (write: Write, batchSize: number | undefined, signal?: AbortSignal, items = found()) =>
    run({
      items,
      session,
      write,
      batchSize,
      height: 128,
      width: 128,
      machine: MACHINE,
      signal,
      decode: (item) => decodeImage(item, PREPROCESSING),
    });

  for (const batchSize of [1, 3, 16, 100, undefined]) {
    it(`writes one row per input, in order, in batches of ${batchSize ?? 'a size that it chooses'}`, async () => {
      const { rows, write } = keeping();
      await start(write, batchSize);
      assert.deepEqual(
        rows.map(({ id }) => id),
        PATHS,
      );
      const logits = new Map<string, Float32Array>();
      for (const row of rows) {
        assert.equal(row.status, BAD.includes(row.id) ? 'failed' : 'ok');
        if (row.status !== 'ok') continue;
        assert.deepEqual(row.outputs.logits?.shape, [16]);
        const own = logitsOf(row);
        const first = logits.get(row.id) ?? own;
        assert.ok(relativeError(own, first) < SAME, 'the same image gives the same row everywhere');
        logits.set(row.id, first);
      }
      const all = [...logits.values()];
      assert.equal(all.length, GOOD.length);
      for (const [i, one] of all.entries())
        for (const other of all.slice(0, i)) assert.ok(relativeError(one, other) > 100 * SAME);
    });
  }

  it('writes the same rows with fixed and automatic batch sizes, and reports the sizes it chose', async () => {
    const [fixed, tuned] = [keeping(), keeping()];
    assert.equal(await start(fixed.write, 4), undefined);
    const MANY = 24; // with fewer, the run may end before the sizes are chosen
    const many = async function* () {
      for (let i = 0; i < MANY; i++) yield* found();
    };
    const measured = await start(tuned.write, undefined, undefined, many());
    assert.equal(tuned.rows.length, MANY * PATHS.length);
    for (const [i, row] of tuned.rows.entries()) {
      const expected = fixed.rows[i % PATHS.length] as Row;
      if (row.status !== 'ok' || expected.status !== 'ok') assert.deepEqual(row, expected);
      else {
        assert.equal(row.id, expected.id);
        assert.ok(relativeError(logitsOf(row), logitsOf(expected)) < SAME);
      }
    }
    assert.ok(measured !== undefined && measured.batchSize >= 1 && measured.decoders >= 1);
  });

  it('rejects with the error of its sink, and leaves the session usable', async () => {
    await assert.rejects(start(keeping(17).write, 3), /the sink is full/);
    await start(keeping().write, 3);
  });

  it('rejects with the reason of an abort', async () => {
    const controller = new AbortController();
    const write = async () => controller.abort(new Error('enough'));
    await assert.rejects(start(write, 3, controller.signal), /enough/);
  });

  for (const dtype of ['float32', 'float16'] as const) {
    it(`refuses a model that computes NaN, in ${dtype}`, async () => {
      const path = `${DEMO_MODEL}/model.safetensors`;
      const tensors = new Map(parseSafetensors(readFileSync(path), path));
      const poisoned = new Uint8Array(tensors.get('stem.conv1.bn.bias')?.data ?? []).fill(0xff); // NaN in float16
      tensors.set('stem.conv1.bn.bias', { dtype: 'float16', shape: [poisoned.length / 2], data: poisoned });
      const broken = await Session.open(
        onnxOf(DEMO_MODEL, [{ name: 'embedding', dtype }], tensors).onnx,
        onCpu(1),
      );
      try {
        const decode = (item: FoundItem) => decodeImage(item, PREPROCESSING);
        const sizes = { batchSize: 3, height: 128, width: 128, machine: MACHINE };
        const running = run({ ...sizes, items: found(), session: broken, write: keeping().write, decode });
        await assert.rejects(
          running,
          /computes NaN for fixtures\/preprocess\/chelsea\.jpg \(output embedding\)/,
        );
      } finally {
        await broken.close();
      }
    });
  }
});
