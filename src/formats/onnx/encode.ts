import { create, toBinary } from '@bufbuild/protobuf';
import { FormatError } from '../../errors.js';
import type { Attribute, Graph, GraphNode, GraphValue } from '../../graph.js';
import { byteCount, type DType, type LazyTensor } from '../../tensor.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  TensorShapeProto_DimensionSchema as DimensionSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.js';
import { GRAPH_INITIALIZER, MODEL_GRAPH, prefix, TENSOR_RAW_DATA } from './wire.js';

// Every ONNX Runtime since 1.12 reads IR 8 with opset 17, and the graph needs nothing newer.
// https://github.com/onnx/onnx/blob/main/docs/Versioning.md
const IR_VERSION = 8n;
export const ONNX_OPSET = 17n;
const MICROSOFT_OPSET = 1n;

// Protocol buffers count bytes in a signed 32-bit number: no reader accepts more.
const MAX_BYTES = 2 ** 31 - 1;

const DATA_TYPES: Readonly<Record<Exclude<DType, 'bfloat16' | 'float64'>, DataType>> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int64: DataType.INT64,
  int32: DataType.INT32,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
};

/**
 * Encodes a graph as a self-contained `.onnx` file (ONNX IR 8, opset 17, `com.microsoft` 1 if used).
 *
 * The size is known before any constant is computed, so each constant is written straight to its place: apart from
 * the result, only one is in memory at a time.
 *
 * @param metadata the model's `metadata_props`
 * @throws FormatError if the file would exceed 2 GiB, the limit of the format
 * @throws RangeError if an initializer is bfloat16 or float64, which no operator of the graph takes
 */
export function encodeOnnx(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const model = toBinary(ModelProtoSchema, modelWithoutGraph(graph, metadata));
  const body = toBinary(GraphProtoSchema, graphWithoutConstants(graph));
  const constants = [...graph.initializers].map(([name, tensor]) => frameConstant(name, tensor));
  const graphBytes = constants.reduce((sum, { bytes }) => sum + bytes, body.byteLength);
  const graphPrefix = prefix(MODEL_GRAPH, graphBytes);
  const fileBytes = model.byteLength + graphPrefix.byteLength + graphBytes;
  if (fileBytes > MAX_BYTES) {
    throw new FormatError(
      `as ONNX the model would have ${fileBytes} bytes, more than the format allows (${MAX_BYTES})`,
      {
        hint: 'In half precision it is half as large: halonet convert MODEL --precision fp16 --output FILE.onnx',
      },
    );
  }
  const file = new Uint8Array(fileBytes);
  let at = 0;
  const append = (bytes: Uint8Array) => {
    file.set(bytes, at);
    at += bytes.byteLength;
  };
  append(model);
  append(graphPrefix);
  append(body);
  for (const { head, tensor } of constants) {
    append(head);
    append(tensor.read());
  }
  return file;
}

interface Constant {
  readonly head: Uint8Array; // everything but the elements
  readonly tensor: LazyTensor;
  readonly bytes: number; // head and elements
}

function frameConstant(name: string, tensor: LazyTensor): Constant {
  const fields = toBinary(
    TensorProtoSchema,
    create(TensorProtoSchema, { name, dims: tensor.shape.map(BigInt), dataType: dataType(tensor.dtype) }),
  );
  const length = byteCount(tensor);
  const rawData = prefix(TENSOR_RAW_DATA, length);
  const field = prefix(GRAPH_INITIALIZER, fields.byteLength + rawData.byteLength + length);
  const head = new Uint8Array(Buffer.concat([field, fields, rawData]));
  return { head, tensor, bytes: head.byteLength + length };
}

function modelWithoutGraph({ nodes }: Graph, metadata: Readonly<Record<string, string>>): ModelProto {
  const opset = (domain: string, version: bigint) => create(OperatorSetIdProtoSchema, { domain, version });
  return create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'halonet',
    opsetImport: [
      opset('', ONNX_OPSET),
      ...(nodes.some(({ domain }) => domain === 'com.microsoft')
        ? [opset('com.microsoft', MICROSOFT_OPSET)]
        : []),
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
  });
}

function graphWithoutConstants(graph: Graph): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name,
    node: graph.nodes.map(encodeNode),
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
  });
}

function dataType(dtype: DType): DataType {
  if (dtype === 'bfloat16' || dtype === 'float64')
    throw new RangeError(`${dtype} tensors become float32 before encoding`);
  return DATA_TYPES[dtype];
}

function encodeNode(node: GraphNode): NodeProto {
  return create(NodeProtoSchema, {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  });
}

function encodeAttribute(name: string, attribute: Attribute): AttributeProto {
  switch (attribute.kind) {
    case 'int':
      return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(attribute.value) });
    case 'float':
      return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: attribute.value });
    case 'ints':
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.INTS,
        ints: attribute.value.map(BigInt),
      });
    case 'string':
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.STRING,
        s: new TextEncoder().encode(attribute.value),
      });
  }
}

function encodeValue(value: GraphValue): ValueInfoProto {
  const dim = value.shape.map((size) =>
    create(DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: dataType(value.dtype),
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }),
  });
}
