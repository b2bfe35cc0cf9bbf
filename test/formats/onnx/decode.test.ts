import assert from 'node:assert/strict';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { FormatError } from '../../../src/errors.js';
import { decodeOnnx, readOnnxMetadata } from '../../../src/formats/onnx/decode.js';
import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import { type ModelProto, ModelProtoSchema } from '../../../src/formats/onnx/onnx_pb.js';
import { MODEL_GRAPH, prefix } from '../../../src/formats/onnx/wire.js';
import type { Graph } from '../../../src/graph.js';
import { sample } from './sample.js';

const METADATA = { key: 'value', länge: '1 → 2' };
const file = encodeOnnx(sample, METADATA);

/** The graph with its constants computed, for comparison. */
const computed = ({ initializers, ...graph }: Graph) => ({
  ...graph,
  initializers: [...initializers].map(([name, { read, ...tensor }]) => [name, tensor, [...read()]]),
});

/** The sample file with its messages changed. */
function changed(change: (model: ModelProto) => void): Uint8Array {
  const model = fromBinary(ModelProtoSchema, file);
  change(model);
  return toBinary(ModelProtoSchema, model);
}

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => decodeOnnx(bytes, 'm.onnx'),
    (error) => {
      assert.ok(error instanceof FormatError, String(error));
      assert.match(error.message, /^m\.onnx: /);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('decodeOnnx', () => {
  it('reads what encodeOnnx writes', () => {
    const strings: Graph = {
      ...sample,
      nodes: [
        ...sample.nodes,
        {
          name: 'u',
          op: 'Resize',
          domain: '',
          inputs: ['z', '', 'rows'],
          outputs: ['u'],
          attributes: { mode: { kind: 'string', value: 'nearest' }, pads: { kind: 'ints', value: [-1, 2] } },
        },
      ],
    };
    const { graph, metadata } = decodeOnnx(encodeOnnx(strings, METADATA), 'm.onnx');
    assert.deepEqual(computed(graph), computed(strings));
    assert.deepEqual(metadata, METADATA);
    assert.deepEqual(readOnnxMetadata(file, 'm.onnx'), METADATA);
  });

  it('reads constants as views of the file', () => {
    const { graph } = decodeOnnx(file, 'm.onnx');
    assert.ok(graph.initializers.size > 0);
    for (const { read } of graph.initializers.values()) assert.equal(read().buffer, file.buffer);
  });

  it('refuses a file truncated at any length', () => {
    for (let length = 0; length < file.byteLength; length++) refuses(file.subarray(0, length), /./);
    refuses(new Uint8Array(), /has 0 graphs/);
  });

  it('reads or refuses a file with any bit flipped, and throws no other errors', () => {
    let read = 0;
    for (let bit = 0; bit < file.byteLength * 8; bit++) {
      const flipped = file.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        decodeOnnx(flipped, 'm.onnx');
        read++;
      } catch (error) {
        assert.ok(error instanceof FormatError, `bit ${bit}: ${error}`);
      }
    }
    assert.ok(read > 0);
  });

  it('refuses files that are not ONNX', () => {
    refuses(new TextEncoder().encode('PK\u0003\u0004 a PyTorch checkpoint'), /not ONNX/);
    refuses(new Uint8Array(1000), /illegal tag/);
    refuses(new Uint8Array(1000).fill(0xff), /not ONNX/);
  });

  it('refuses a file of millions of tiny fields', () => {
    const opsets = toBinary(ModelProtoSchema, create(ModelProtoSchema, { opsetImport: [{ version: 17n }] }));
    const fieldsOf = (...field: number[]) => {
      const fields = new Uint8Array(Buffer.alloc(32 * 2 ** 20, Uint8Array.from(field)));
      return new Uint8Array(Buffer.concat([opsets, prefix(MODEL_GRAPH, fields.byteLength), fields]));
    };
    refuses(fieldsOf(0x0a, 0), /bytes beside the weights/); // empty nodes
    refuses(fieldsOf(0x2a, 0), /more than 100000 fields/); // empty constants
  });

  const node = (model: ModelProto, i: number) => model.graph?.node[i] ?? assert.fail();
  const constant = (model: ModelProto, i: number) => model.graph?.initializer[i] ?? assert.fail();
  const refusals: readonly (readonly [string, (model: ModelProto) => void, RegExp])[] = [
    ['no graph', (m) => delete m.graph, /has 0 graphs/],
    [
      'another opset',
      (m) => Object.assign(m.opsetImport[0] ?? {}, { version: 21n }),
      /opset 21; expected 17/,
    ],
    ['other operators', (m) => Object.assign(node(m, 0), { domain: 'ai.onnx.ml' }), /"t".*"ai\.onnx\.ml"/],
    [
      'an attribute of another type',
      (m) => node(m, 0).attribute.push({ ...attribute(m), name: 'value', type: 4 }),
      /"t": attribute "value" is of a type/,
    ],
    ['a value from nowhere', (m) => node(m, 4).input.push('w'), /node "y" uses "w", which nothing before/],
    ['an output from nowhere', (m) => Object.assign(m.graph?.output[0] ?? {}, { name: 'w' }), /uses "w"/],
    ['nodes out of order', (m) => m.graph?.node.reverse(), /node "z" uses "y", which nothing before/],
    ['a value made twice', (m) => Object.assign(node(m, 1), { output: ['t'] }), /value "t" is made twice/],
    [
      'a constant twice',
      (m) => Object.assign(constant(m, 1), { name: 'rows' }),
      /constant "rows" is there twice/,
    ],
    [
      'a float64 constant',
      (m) => Object.assign(constant(m, 0), { dataType: 11 }),
      /"rows" is of ONNX type 11/,
    ],
    [
      'data elsewhere',
      (m) => Object.assign(constant(m, 0), { rawData: new Uint8Array() }),
      /"rows" has 0 bytes of data; int64 \[2\] needs 16/,
    ],
    ['a negative size', (m) => Object.assign(constant(m, 0), { dims: [-2n] }), /"rows": -2 is no size/],
    ['an input of no type', (m) => delete m.graph?.input[0]?.type, /value "x" has no type/],
  ];
  const attribute = (model: ModelProto) => node(model, 0).attribute[0] ?? assert.fail();
  for (const [what, change, message] of refusals) {
    it(`refuses ${what}`, () => refuses(changed(change), message));
  }

  it('reads the metadata of a file whose graph it cannot read', () => {
    const init: MessageInitShape<typeof ModelProtoSchema> = {
      graph: { node: [{ opType: 'If', domain: 'other' }] },
      metadataProps: [{ key: 'made by', value: 'another tool' }],
    };
    const foreign = toBinary(ModelProtoSchema, create(ModelProtoSchema, init));
    assert.deepEqual(readOnnxMetadata(foreign, 'f.onnx'), { 'made by': 'another tool' });
  });
});
