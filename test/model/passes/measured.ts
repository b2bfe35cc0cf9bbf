import { encodeOnnx } from '../../../src/formats/onnx/encode.js';
import type { Graph } from '../../../src/graph.js';
import type { Range } from '../../../src/model/passes/int8.js';
import { planInt8 } from '../../../src/model/passes/int8-plan.js';
import { extremesOf, observed } from '../../../src/model/passes/observe.js';
import { runOnnx } from '../../support/run-onnx.js';

/** Runs a graph on some images, and measures the ranges that int8 needs. */
export async function measured(graph: Graph, pixels: Uint8Array, count: number) {
  const { values } = planInt8(graph);
  const outputs = await runOnnx(encodeOnnx(observed(graph, values)), pixels, count);
  const ranges: ReadonlyMap<string, Range> = new Map(
    [...values].map((value) => {
      const { min, max } = extremesOf(value);
      return [value, { min: Math.min(...(outputs[min] ?? [])), max: Math.max(...(outputs[max] ?? [])) }];
    }),
  );
  return { outputs, ranges };
}
