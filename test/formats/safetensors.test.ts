import assert from 'node:assert/strict';
import { FormatError } from '../../src/errors.js';
import { parseSafetensors } from '../../src/formats/safetensors.js';

type Header = Record<string, unknown>;

/** A file with this header and this many bytes of data, counting up from 0. */
function file(header: Header | string, dataBytes: number, declaredLength?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, declaredLength ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(
    Uint8Array.from({ length: dataBytes }, (_, i) => i),
    8 + json.length,
  );
  return bytes;
}

const entry = (dtype: string, shape: readonly unknown[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('parseSafetensors', () => {
  it('reads F32, F16, BF16 and I64 of any shape, in any order, and skips metadata', () => {
    const tensors = parseSafetensors(
      file(
        {
          __metadata__: { format: 'pt' },
          half: entry('F16', [2, 1], 8, 12),
          single: entry('F32', [2], 0, 8),
          brain: entry('BF16', [1], 12, 14),
          count: entry('I64', [], 14, 22),
          none: entry('F32', [0, 3], 22, 22),
        },
        22,
      ),
      'x',
    );
    assert.deepEqual(
      [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]),
      [
        ['half', 'float16', [2, 1]],
        ['single', 'float32', [2]],
        ['brain', 'bfloat16', [1]],
        ['count', 'int64', []],
        ['none', 'float32', [0, 3]],
      ],
    );
    assert.deepEqual([...(tensors.get('half')?.data ?? [])], [8, 9, 10, 11]);
    assert.deepEqual([...(tensors.get('count')?.data ?? [])], [14, 15, 16, 17, 18, 19, 20, 21]);
  });

  const bad: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['a file of a few bytes', new Uint8Array(5), /5 bytes long.*at least 8/],
    ['a header longer than the file', file({}, 0, 1000n), /header of 1000 bytes but has 2 left.*truncated/],
    ['a huge header length', file({}, 0, 2n ** 63n), /header of 9223372036854775808 bytes; at most 16777216/],
    ['a header that is not JSON', file('{"a":', 0), /not valid JSON/],
    ['a header that is not UTF-8', new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), /not valid JSON/],
    ['a header that is a list', file('[]', 0), /not a JSON object/],
    [
      'an unknown dtype',
      file({ t: entry('F8_E4M3', [1], 0, 1) }, 1),
      /"t": dtype "F8_E4M3"; readable are F32, F16/,
    ],
    ['a dtype of Object.prototype', file({ t: entry('toString', [1], 0, 1) }, 1), /"t": dtype "toString"/],
    ['a negative size', file({ t: entry('F32', [-1], 0, 4) }, 4), /"t": shape \[-1\] is not a list of sizes/],
    [
      'offsets that are no pair',
      file({ t: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4),
      /data_offsets \[0\]/,
    ],
    [
      'a shape that its offsets do not hold',
      file({ t: entry('F32', [3], 0, 8) }, 8),
      /hold 8 bytes; F32 \[3\] needs 12/,
    ],
    ['reversed offsets', file({ t: entry('F32', [1], 4, 0) }, 4), /hold -4 bytes/],
    [
      'a tensor past the end',
      file({ t: entry('F32', [2], 0, 8) }, 4),
      /"t" ends at byte 8 but the data has 4.*truncated/,
    ],
    [
      'tensors that overlap',
      file({ a: entry('F32', [2], 0, 8), b: entry('F32', [2], 4, 12) }, 12),
      /"b" at byte 4 overlaps the one that ends at 8/,
    ],
    [
      'a hole between tensors',
      file({ a: entry('F32', [1], 0, 4), b: entry('F32', [1], 8, 12) }, 12),
      /bytes 4 to 8/,
    ],
    ['bytes after the last tensor', file({ a: entry('F32', [1], 0, 4) }, 9), /5 bytes after the last tensor/],
    ['an entry that is no object', file({ a: 3 }, 0), /"a": expected an object/],
  ];
  for (const [what, bytes, message] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseSafetensors(bytes, 'model.safetensors'),
        (error) => {
          assert.ok(error instanceof FormatError);
          assert.match(error.message, /^model\.safetensors: /);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});
