import type { Attribute, GraphNode } from '../graph.js';
import { elementCount } from '../tensor.js';

/** Returns the shape of a value of the graph, for a batch of one image. */
type ShapeOf = (value: string) => readonly number[];

const isSet = (attribute: Attribute | undefined): boolean =>
  attribute?.kind === 'int' && attribute.value === 1;

/**
 * Counts the multiply-accumulate operations of one operator on one image, as timm's model cards do: only
 * convolutions and matrix products, no elementwise operations.
 */
export function macsOf({ op, inputs, outputs, attributes }: GraphNode, shapeOf: ShapeOf): number {
  const [first = '', second = ''] = inputs;
  const elements = () => elementCount(shapeOf(outputs[0] ?? ''));
  switch (op) {
    case 'Conv': // weight [outChs, inChs / groups, kh, kw]
      return elements() * elementCount(shapeOf(second).slice(1));
    case 'MatMul':
    case 'FusedMatMul':
      return elements() * (shapeOf(first).at(isSet(attributes.transA) ? -2 : -1) ?? 0);
    default:
      return 0;
  }
}
