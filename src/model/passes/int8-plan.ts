import type { Graph, GraphNode } from '../../graph.js';
import { GraphBuilder } from '../graph-builder.js';
import { transplant } from './rewrite.js';

/** The part of a graph that is computed in 8 bits. */
export interface Int8Plan {
  readonly nodes: ReadonlySet<GraphNode>;
  readonly values: ReadonlySet<string>; // the inputs and outputs of these nodes, weights aside
  readonly isComputed: (value: string) => boolean; // by one of these nodes
}

// Minimum input channels of a convolution, per group: fewer do not fill a vector of products. If the input is in 8
// bits already, there is no minimum: ONNX Runtime would convert the convolution itself, with one scale for all its
// weights.
const MIN_CHANNELS = 8;

/**
 * Plans int8 for a graph of standard operators. Convolutions compute in 8 bits, and the operators between them stay
 * there: SiLU, ReLU, residual sums, max pools. Everything else stays in floating point: attention and head, which
 * are matrix products; convolutions of the image itself and of pooled maps, which cost next to nothing; other
 * activations.
 *
 * The choice for a node does not depend on later nodes, so a graph with fewer outputs gets a subset of the plan.
 */
export function planInt8(graph: Graph): Int8Plan {
  const shapes = new GraphBuilder();
  transplant(graph, shapes, () => undefined);
  const producers = new Map(graph.nodes.map((node) => [node.outputs[0], node]));
  const nodes = new Set<GraphNode>();
  const values = new Set<string>();
  const isComputed = (value = '') => {
    const producer = producers.get(value);
    return producer !== undefined && nodes.has(producer);
  };
  const pays = (node: GraphNode): boolean => {
    const [a = '', b = '', c = ''] = node.inputs;
    switch (node.op) {
      case 'Conv': {
        const [, channels = 0] = shapes.shapeOf(b);
        const [, , height = 1, width = 1] = shapes.shapeOf(node.outputs[0] ?? '');
        const isConstant =
          graph.initializers.get(b)?.dtype === 'float32' && (c === '' || graph.initializers.has(c));
        return isConstant && (channels >= MIN_CHANNELS || isComputed(a)) && height * width > 1;
      }
      case 'Relu':
      case 'Sigmoid':
      case 'MaxPool':
        return isComputed(a);
      case 'Add':
        return isComputed(a) && isComputed(b) && `${shapes.shapeOf(a)}` === `${shapes.shapeOf(b)}`;
      case 'Mul':
        return isComputed(a) && isGateOf(producers.get(b), a); // SiLU: x · sigmoid(x)
      default:
        return false;
    }
  };
  for (const node of graph.nodes) {
    if (!pays(node)) continue;
    nodes.add(node);
    for (const value of [...node.inputs, ...node.outputs]) {
      if (value !== '' && !graph.initializers.has(value)) values.add(value);
    }
  }
  return { nodes, values, isComputed };
}

/** Whether a node is the sigmoid of `x`. */
export function isGateOf(node: GraphNode | undefined, x: string): boolean {
  return node?.op === 'Sigmoid' && node.inputs[0] === x;
}
