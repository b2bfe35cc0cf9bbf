import { ModelError } from '../../errors.js';
import type { Graph, GraphNode } from '../../graph.js';
import { asFloat32, type LazyTensor } from '../../tensor.js';
import { toFloat16 } from '../float16.js';
import type { GraphBuilder } from '../graph-builder.js';
import { rewritten } from './rewrite.js';

/** The precision in which each floating-point value is computed and stored. */
type Precisions = ReadonlyMap<string, 'float32' | 'float16'>;

/**
 * Converts the graph to half precision: weights and most values become float16; outputs stay float32.
 *
 * Values that exceed float16's range or precision stay float32, between casts: the normalisation of the pixels;
 * sums over many values (means, sums of squares, norms, global pools) with the cheap operators after them, so that
 * an epsilon of 1e-6 or a square of 300 survives; a softmax that is an output.
 *
 * @returns a graph whose constants throw ModelError when read if they do not fit into float16
 */
export function toHalf(graph: Graph): Graph {
  const precisions = choosePrecisions(graph);
  const initializers = new Map(
    [...graph.initializers].map(([name, tensor]) => [
      name,
      precisions.get(name) === 'float16' ? halved(name, tensor) : tensor,
    ]),
  );
  const castTo = caster();
  return rewritten({ ...graph, initializers }, (node, inputs, builder) => {
    const own = precisions.get(node.outputs[0] ?? '');
    if (own === undefined) return undefined;
    const operands = node.inputs.map((input, i) => {
      const given = precisions.get(input);
      const name = inputs[i] ?? '';
      return given === undefined || given === own ? name : castTo(builder, name, own);
    });
    return builder.copy(node, operands);
  });
}

/** Casts each value once. */
function caster(): (graph: GraphBuilder, x: string, to: 'float32' | 'float16') => string {
  const known = new Map<string, string>();
  return (graph, x, to) => {
    const name = `${x}.${to}`;
    const value = known.get(name) ?? graph.cast(name, x, to);
    known.set(name, value);
    return value;
  };
}

function halved(name: string, { shape, read }: LazyTensor): LazyTensor {
  return {
    dtype: 'float16',
    shape,
    read: () => {
      try {
        return new Uint8Array(toFloat16(asFloat32(read())).buffer);
      } catch (cause) {
        throw new ModelError(
          `the weights ${name} do not fit into half precision: ${(cause as Error).message}`,
          {
            hint: 'Use --precision fp32 for this model.',
            cause,
          },
        );
      }
    },
  };
}

const SUMS = new Set([
  ...['ReduceMean', 'ReduceSum', 'ReduceSumSquare', 'ReduceL2', 'GlobalAveragePool'],
  ...['InstanceNormalization', 'LayerNormalization'],
]);

// They follow sums and normalisations, and a cast would cost as much.
const CHEAP = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sqrt', 'Pow', 'Reciprocal'],
  ...['Reshape', 'Flatten', 'Transpose', 'Gather', 'Identity'],
]);

function choosePrecisions(graph: Graph): Precisions {
  const { initializers, nodes } = graph;
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const results = new Set(nodes.flatMap((node) => (outputs.has(node.outputs[0] ?? '') ? node.inputs : [])));
  const precisions = new Map<string, 'float32' | 'float16'>();
  for (const [name, { dtype }] of initializers) if (dtype === 'float32') precisions.set(name, 'float32');
  const staysWide = ({ op, inputs, outputs: [name = ''] }: GraphNode) => {
    if (outputs.has(name) || op === 'Cast' || SUMS.has(op)) return true; // casts convert pixels to floats, and widen what is summed
    if (op === 'Mul' && inputs[0] === inputs[1]) return true; // a square
    if (op === 'Softmax' && results.has(name)) return true;
    const computed = inputs.filter((input) => precisions.has(input) && !initializers.has(input));
    return (
      CHEAP.has(op) && computed.length > 0 && computed.every((input) => precisions.get(input) === 'float32')
    );
  };
  for (const node of nodes) {
    if (node.op !== 'Cast' && !node.inputs.some((input) => precisions.has(input))) continue; // no floating-point input
    const wide = staysWide(node);
    precisions.set(node.outputs[0] ?? '', wide ? 'float32' : 'float16');
    if (wide) continue;
    for (const input of node.inputs) {
      if (precisions.has(input) && initializers.has(input)) precisions.set(input, 'float16');
    }
  }
  return precisions;
}
