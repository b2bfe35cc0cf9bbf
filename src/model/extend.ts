import { FormatError, ModelError } from '../errors.js';
import type { Graph } from '../graph.js';
import type { BuiltModel } from './build.js';
import { GraphBuilder } from './graph-builder.js';
import { addOutput, type OutputRequest, type OutputSource } from './outputs.js';
import { transplant } from './passes/rewrite.js';

/**
 * Builds the requested outputs, as `buildModel` does, from an existing graph that holds some of the network's
 * outputs. Drops what they do not need.
 *
 * @param where the path or name for error messages
 * @throws FormatError if the graph is damaged
 * @throws ModelError if a requested output is not in the graph
 */
export function extendModel(graph: Graph, requests: readonly OutputRequest[], where: string): BuiltModel {
  const builder = new GraphBuilder();
  const source = storedOutputs(
    graph,
    builder,
    requests.map(({ name }) => name),
    where,
  );
  const outputs = requests.map((request) => addOutput(builder, request, source));
  return {
    graph: builder.build(graph.name, graph.inputs, outputs),
    shapes: Object.fromEntries(outputs.map(({ name }) => [name, builder.shapeOf(name).slice(1)])),
  };
}

/** Adds the graph with its outputs renamed, which frees their names for the final outputs. */
function storedOutputs(
  graph: Graph,
  builder: GraphBuilder,
  wanted: readonly string[],
  where: string,
): OutputSource {
  const stored = graph.outputs.map(({ name }) => name);
  let names: ReadonlyMap<string, string>;
  try {
    names = transplant(graph, builder, (node, inputs) => {
      const [output = ''] = node.outputs;
      return stored.includes(output)
        ? builder.copy({ ...node, outputs: [`stored.${output}`] }, inputs)
        : undefined;
    });
  } catch (cause) {
    throw new FormatError(`${where}: its graph is damaged (${(cause as Error).message})`, {
      hint: 'Convert the model again: halonet convert MODEL --output FILE.onnx',
      cause,
    });
  }
  return {
    find: (output) => {
      const name = stored.includes(output) ? names.get(output) : undefined;
      return name === undefined ? undefined : { name, shape: builder.shapeOf(name).slice(1) };
    },
    repooled: (pool) => {
      throw new ModelError(
        `${where} holds its embedding as it was converted: it cannot be pooled by ${pool}`,
        {
          hint: 'Use the checkpoint that it was converted from, or leave out --pool.',
        },
      );
    },
    missing: (output) =>
      new ModelError(`${where} has no output ${JSON.stringify(output)}; it has ${stored.join(', ')}`, {
        hint: `Convert it with this output: halonet convert MODEL --output FILE.onnx --outputs ${[...new Set([...stored, ...wanted])].join(',')}`,
      }),
  };
}
