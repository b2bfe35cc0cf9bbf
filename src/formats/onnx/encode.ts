import { create, toBinary } from '@bufbuild/protobuf';
import type { Attribute, Graph, GraphNode, GraphValue } from '../../graph.js';
import type { DType, Tensor } from '../../tensor.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  TensorShapeProto_DimensionSchema as DimensionSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.js';

// IR 8 with opset 17 is read by every ONNX Runtime since 1.12, and the graph needs nothing newer.
// https://github.com/onnx/onnx/blob/main/docs/Versioning.md
const IR_VERSION = 8n;
const ONNX_OPSET = 17n;
const MICROSOFT_OPSET = 1n;

const DATA_TYPES: Readonly<Record<Exclude<DType, 'bfloat16' | 'float64'>, DataType>> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
};

/**
 * A graph as the bytes of a self-contained `.onnx` file (ONNX IR 8, opset 17, `com.microsoft` 1).
 *
 * @throws RangeError when an initializer is bfloat16 or float64, which no operator of the graph takes
 */
export function encodeOnnx(graph: Graph): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'halonet',
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: ONNX_OPSET }),
      create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: MICROSOFT_OPSET }),
    ],
    graph: create(GraphProtoSchema, {
      name: graph.name,
      node: graph.nodes.map(encodeNode),
      initializer: [...graph.initializers].map(([name, tensor]) => encodeTensor(name, tensor)),
      input: graph.inputs.map(encodeValue),
      output: graph.outputs.map(encodeValue),
    }),
  });
  return toBinary(ModelProtoSchema, model);
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

function encodeTensor(name: string, tensor: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: tensor.shape.map(BigInt),
    dataType: dataType(tensor.dtype),
    rawData: tensor.data,
  });
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
