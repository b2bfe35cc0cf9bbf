import type { Graph } from '../graph.js';
import { byteCount, elementCount } from '../tensor.js';
import { type BuildRequest, buildNetwork } from './build.js';
import { macsOf } from './cost.js';
import { GraphBuilder } from './graph-builder.js';
import { addOutput, type Feature, networkOutputs } from './outputs.js';
import { transplant } from './passes/rewrite.js';
import type { Weights } from './weights.js';

/** A part of a network: the stem, a stage, the final convolution or the head. */
export interface PartSummary {
  readonly name: string; // timm's: stem, stages.0, …, final_conv, head
  readonly shape: readonly number[]; // of its output, for one image
  readonly reduction: number | undefined; // image pixels per map pixel, on a side; undefined for the head
  readonly parameters: number;
  readonly macs: number; // multiply-accumulates for one image
}

/** An output that a network offers. */
export interface OutputSummary {
  readonly name: string;
  readonly shape: readonly number[]; // for one image
  readonly bytes: number; // of one image in float32
}

/** The content and cost of a graph, for one image. */
export interface GraphSummary {
  readonly macs: number;
  readonly outputs: readonly OutputSummary[];
  readonly nodes: readonly NodeSummary[];
}

/**
 * The content and cost of a network, for one image. The nodes are those for classifying, or for embedding without a
 * classifier.
 */
export interface NetworkSummary extends GraphSummary {
  readonly parameters: number;
  readonly features: number; // of the embedding
  readonly parts: readonly PartSummary[];
  readonly stages: readonly Feature[]; // as timm's feature_info
}

/** One operator of the graph. */
export interface NodeSummary {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly shape: readonly number[]; // of its output, for a batch of one
  readonly macs: number;
}

/**
 * Builds a network without computing weights, and measures it.
 *
 * Parameters are those that timm counts, without the running statistics of norms. Multiply-accumulates are those of
 * the graph that runs, with norms and re-parameterised branches folded.
 *
 * @throws ModelError as buildNetwork does
 */
export function summarize(request: Omit<BuildRequest, 'outputs'>, weights: Weights): NetworkSummary {
  const { net, input, values, parts } = buildNetwork(request, weights);
  const { head, stages } = values;
  const names = [
    ...(head.logits === undefined ? [] : ['logits', 'probabilities']),
    'embedding',
    'unpooled',
    ...stages.map((_, i) => `stage${i}`),
  ];
  const source = networkOutputs(values);
  const outputs = names.map((name) => {
    const { shape } = addOutput(net.graph, { name }, source);
    const perImage = shape.slice(1).map(Number);
    return { name, shape: perImage, bytes: 4 * elementCount(perImage) };
  });
  const main = outputs.slice(0, 1).map(({ name, shape }) => ({ name, dtype: 'float32', shape }) as const);
  const nodes = nodeSummaries(net.graph.build('halonet', [input], main), net.graph);
  const macs = totals(nodes.map(({ name, macs: cost }) => [partOf(name), cost]));
  const parameters = totals(parametersOf(weights).map(([name, count]) => [partOf(name), count]));
  const costs = (part: string) => ({ parameters: parameters.get(part) ?? 0, macs: macs.get(part) ?? 0 });
  const summaries: PartSummary[] = parts.map(({ module: name, channels, height, width, reduction }) => ({
    name,
    shape: [channels, height, width],
    reduction,
    ...costs(name),
  }));
  const headShape = [head.logits === undefined ? head.features : head.classes];
  return {
    parameters: sumOf(parameters),
    macs: sumOf(macs),
    features: head.features,
    parts: [...summaries, { name: 'head', shape: headShape, reduction: undefined, ...costs('head') }],
    stages,
    outputs,
    nodes,
  };
}

/**
 * Measures an existing graph.
 *
 * @throws ModelError if its shapes are inconsistent
 */
export function summarizeGraph(graph: Graph): GraphSummary {
  const builder = new GraphBuilder();
  transplant(graph, builder, () => undefined);
  const nodes = nodeSummaries(graph, builder);
  const outputs = graph.outputs.map(({ name, dtype }) => {
    const shape = builder.shapeOf(name).slice(1);
    return { name, shape, bytes: byteCount({ dtype, shape }) };
  });
  return { macs: nodes.reduce((total, { macs }) => total + macs, 0), outputs, nodes };
}

function nodeSummaries(graph: Graph, builder: GraphBuilder): readonly NodeSummary[] {
  const shapeOf = (name: string) => builder.shapeOf(name);
  return graph.nodes.map((node) => {
    const { op, domain, inputs, outputs } = node;
    const name = outputs[0] ?? '';
    return { name, op, domain, inputs, shape: shapeOf(name), macs: macsOf(node, shapeOf) };
  });
}

const BUFFER = /\.(running_mean|running_var|num_batches_tracked)$/; // not counted by timm

function parametersOf({ taken }: Weights): readonly (readonly [name: string, count: number])[] {
  return [...taken]
    .filter(([name]) => !BUFFER.test(name))
    .map(([name, shape]) => [name, elementCount(shape)]);
}

/** Returns the part that a tensor or node belongs to, by its name: stem, stages.2, final_conv, head. */
const partOf = (name: string): string => /^stages\.\d+|^[^.]+/.exec(name)?.[0] ?? name;

function totals(entries: readonly (readonly [key: string, count: number])[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [key, count] of entries) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}

const sumOf = (sums: ReadonlyMap<string, number>): number =>
  [...sums.values()].reduce((total, count) => total + count, 0);
