import { fromBinary } from '@bufbuild/protobuf';
import { FormatError } from '../../errors.js';
import type { Attribute, Graph, GraphNode, GraphValue } from '../../graph.js';
import { byteCount, type DType, type LazyTensor } from '../../tensor.js';
import { ONNX_OPSET } from './encode.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  TensorProtoSchema,
  type ValueInfoProto,
} from './onnx_pb.js';
import { GRAPH_INITIALIZER, MODEL_GRAPH, TENSOR_RAW_DATA, takeOut } from './wire.js';

/** The content of an ONNX file. */
export interface OnnxFile {
  readonly graph: Graph;
  readonly metadata: Readonly<Record<string, string>>; // the model's metadata_props
}

/**
 * Reads the bytes of an `.onnx` file such as `encodeOnnx` writes. Constants are views of `file`: nothing is copied.
 *
 * @param where the path or name for error messages
 * @throws FormatError if the file is truncated or damaged, or uses what halonet's graphs do not: another opset,
 *   sparse or external constants, subgraphs
 */
export function decodeOnnx(file: Uint8Array, where: string): OnnxFile {
  return reading(where, () => {
    const { model, graphBytes } = openModel(file);
    checkOpsets(model);
    return { graph: decodeGraph(graphBytes), metadata: metadataOf(model) };
  });
}

/**
 * Reads only the metadata of an `.onnx` file, whichever tool wrote it.
 *
 * @throws FormatError if the file is truncated or damaged
 */
export function readOnnxMetadata(file: Uint8Array, where: string): OnnxFile['metadata'] {
  return reading(where, () => metadataOf(openModel(file).model));
}

/** A fault in a file; `reading` adds which file. */
class Damage extends Error {}

function reading<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message } = cause as Error;
    const problem = cause instanceof Damage ? message : `damaged, cut off or not ONNX (${message})`;
    throw new FormatError(`${where}: ${problem}`, {
      hint: 'Convert the model again: halonet convert MODEL --output FILE.onnx',
      cause,
    });
  }
}

const PLAIN = { readUnknownFields: false };

function openModel(file: Uint8Array): { readonly model: ModelProto; readonly graphBytes: Uint8Array } {
  const { taken, rest } = takeOut(file, MODEL_GRAPH);
  const [graphBytes, ...more] = taken;
  if (graphBytes === undefined || more.length > 0)
    throw new Damage(`has ${taken.length} graphs, where an ONNX file has one; it is cut off or not ONNX`);
  return { model: fromBinary(ModelProtoSchema, rest, PLAIN), graphBytes };
}

const metadataOf = ({ metadataProps }: ModelProto): OnnxFile['metadata'] =>
  Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));

function checkOpsets({ opsetImport }: ModelProto): void {
  const opset = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
  if (opset !== ONNX_OPSET)
    throw new Damage(`is for ONNX opset ${opset ?? 'unknown'}; expected ${ONNX_OPSET}`);
}

function decodeGraph(bytes: Uint8Array): Graph {
  const { taken: constants, rest } = takeOut(bytes, GRAPH_INITIALIZER);
  const { name, node, input, output } = fromBinary(GraphProtoSchema, rest, PLAIN);
  const initializers = new Map<string, LazyTensor>();
  for (const constant of constants) {
    const { name, tensor } = decodeConstant(constant);
    if (initializers.has(name)) throw new Damage(`constant ${JSON.stringify(name)} is there twice`);
    initializers.set(name, tensor);
  }
  const graph: Graph = {
    name,
    initializers,
    nodes: node.map(decodeNode),
    inputs: input.map(decodeValue),
    outputs: output.map(decodeValue),
  };
  checkNames(graph);
  return graph;
}

/** Checks that every value is produced once, before it is used. */
function checkNames({ nodes, initializers, inputs, outputs }: Graph): void {
  const made = new Set(initializers.keys());
  const make = (name: string) => {
    if (name === '' || made.has(name)) throw new Damage(`value ${JSON.stringify(name)} is made twice`);
    made.add(name);
  };
  const use = (name: string, by: string) => {
    if (!made.has(name))
      throw new Damage(`${by} uses ${JSON.stringify(name)}, which nothing before it makes`);
  };
  for (const { name } of inputs) make(name);
  for (const node of nodes) {
    for (const input of node.inputs) if (input !== '') use(input, `node ${JSON.stringify(node.name)}`);
    for (const output of node.outputs) make(output);
  }
  for (const { name } of outputs) use(name, 'the graph');
}

const DTYPES: ReadonlyMap<DataType, DType> = new Map([
  [DataType.FLOAT, 'float32'],
  [DataType.FLOAT16, 'float16'],
  [DataType.INT64, 'int64'],
  [DataType.UINT8, 'uint8'],
]);

function dtypeOf(type: DataType, what: string): DType {
  const dtype = DTYPES.get(type);
  if (dtype !== undefined) return dtype;
  throw new Damage(`${what} is of ONNX type ${type}; expected ${[...DTYPES.values()].join(', ')}`);
}

function size(value: bigint, what: string): number {
  if (value < 0n || value > Number.MAX_SAFE_INTEGER) throw new Damage(`${what}: ${value} is no size`);
  return Number(value);
}

function decodeConstant(bytes: Uint8Array): { readonly name: string; readonly tensor: LazyTensor } {
  const { taken, rest } = takeOut(bytes, TENSOR_RAW_DATA);
  const { name, dims, dataType } = fromBinary(TensorProtoSchema, rest, PLAIN);
  const what = `constant ${JSON.stringify(name)}`;
  const dtype = dtypeOf(dataType, what);
  const shape = dims.map((dim) => size(dim, what));
  const [data = new Uint8Array(), ...more] = taken;
  const expected = byteCount({ dtype, shape });
  if (data.byteLength !== expected || more.length > 0)
    throw new Damage(
      `${what} has ${data.byteLength} bytes of data; ${dtype} [${shape.join(', ')}] needs ${expected}`,
    );
  return { name, tensor: { dtype, shape, read: () => data } };
}

const DOMAINS: ReadonlyMap<string, GraphNode['domain']> = new Map([
  ['', ''],
  ['ai.onnx', ''],
  ['com.microsoft', 'com.microsoft'],
]);

function decodeNode({ name, opType, domain, input, output, attribute }: NodeProto): GraphNode {
  const what = `node ${JSON.stringify(name)}`;
  const known = DOMAINS.get(domain);
  if (known === undefined)
    throw new Damage(`${what} is of the operator set ${JSON.stringify(domain)}; expected ONNX's own`);
  return {
    name,
    op: opType,
    domain: known,
    inputs: input,
    outputs: output,
    attributes: Object.fromEntries(attribute.map((proto) => [proto.name, decodeAttribute(proto, what)])),
  };
}

function decodeAttribute({ name, type, i, f, s, ints }: AttributeProto, what: string): Attribute {
  switch (type) {
    case AttributeType.INT:
      return { kind: 'int', value: whole(i, what) };
    case AttributeType.FLOAT:
      return { kind: 'float', value: f };
    case AttributeType.INTS:
      return { kind: 'ints', value: ints.map((value) => whole(value, what)) };
    case AttributeType.STRING:
      return { kind: 'string', value: new TextDecoder().decode(s) };
    default:
      throw new Damage(
        `${what}: attribute ${JSON.stringify(name)} is of a type that halonet's graphs do not use`,
      );
  }
}

function whole(value: bigint, what: string): number {
  if (BigInt.asIntN(53, value) !== value) throw new Damage(`${what}: the number ${value} is out of range`);
  return Number(value);
}

function decodeValue({ name, type }: ValueInfoProto): GraphValue {
  const what = `value ${JSON.stringify(name)}`;
  const tensor = type?.value.value;
  if (tensor?.shape === undefined) throw new Damage(`${what} has no type`);
  const shape = tensor.shape.dim.map(({ value: dim }) => {
    if (dim.case === undefined) throw new Damage(`${what} has a dimension of no size`);
    return dim.case === 'dimParam' ? dim.value : size(dim.value, what);
  });
  return { name, dtype: dtypeOf(tensor.elemType, what), shape };
}
