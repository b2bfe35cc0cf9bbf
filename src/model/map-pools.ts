import { ModelError } from '../errors.js';
import { type GraphBuilder, int, ints } from './graph-builder.js';
import type { OutputValue } from './output-value.js';

/**
 * How a map [C, H, W] is pooled: to [C] by `avg`, `max` and `gem`, to [C, n, n] by `grid:n`.
 *
 * `gem` is the generalised mean with p = 3, mean(max(x, 1e-6)³)^(1/3) (Radenović et al., Fine-tuning CNN Image Retrieval with No
 * Human Annotation, https://arxiv.org/abs/1711.02512). `grid:n` is torch's `adaptive_avg_pool2d`.
 */
export type MapPool = 'avg' | 'max' | 'gem' | `grid:${number}`;

export const LARGEST_GRID = 16;

const GEM_POWER = 3;
const GEM_EPS = 1e-6;

/** Returns the cells on a side of a grid; undefined if it is not one, or too large. */
function gridSize(pool: string): number | undefined {
  const [, digits] = /^grid:([1-9]\d?)$/.exec(pool) ?? [];
  const size = Number(digits);
  return size <= LARGEST_GRID ? size : undefined;
}

export const isMapPool = (pool: string): pool is MapPool =>
  pool === 'avg' || pool === 'max' || pool === 'gem' || gridSize(pool) !== undefined;

/** Adds a pooled map. @throws ModelError if the value is not a map, or the pooling is not one of a map */
export function pooledMap(graph: GraphBuilder, name: string, map: OutputValue, pool: string): OutputValue {
  if (map.shape.length !== 3)
    throw new ModelError(`the output ${JSON.stringify(name)} is not a map, and cannot be pooled`);
  const global = (pooled: string): OutputValue => ({
    name: graph.add(`${name}.pooled.flat`, 'Flatten', [pooled], { axis: int(1) }),
    shape: map.shape.slice(0, 1),
  });
  if (pool === 'avg') return global(graph.add(`${name}.pooled`, 'GlobalAveragePool', [map.name]));
  if (pool === 'max') return global(graph.add(`${name}.pooled`, 'GlobalMaxPool', [map.name]));
  if (pool === 'gem') return global(generalisedMean(graph, name, map.name));
  const size = gridSize(pool);
  if (size !== undefined) return grid(graph, name, map, size);
  throw new ModelError(`there is no pooling ${JSON.stringify(pool)} of maps`, {
    hint: `Known: avg, max, gem and grid:1 to grid:${LARGEST_GRID}.`,
  });
}

/** The cubes are summed in single precision, whatever that of the map. */
function generalisedMean(graph: GraphBuilder, name: string, map: string): string {
  const wide = graph.cast(`${name}.wide`, map, 'float32');
  const positive = graph.add(`${name}.positive`, 'Max', [wide, graph.scalar(`${name}.epsilon`, GEM_EPS)]);
  const squared = graph.add(`${name}.squared`, 'Mul', [positive, positive]);
  const cubed = graph.add(`${name}.cubed`, 'Mul', [squared, positive]);
  const mean = graph.add(`${name}.pooled`, 'GlobalAveragePool', [cubed]);
  return graph.add(`${name}.root`, 'Pow', [mean, graph.scalar(`${name}.inverse`, 1 / GEM_POWER)]);
}

/** Cells that share no rows or columns are means of blocks; others are products with the weights of rows and columns. */
function grid(
  graph: GraphBuilder,
  name: string,
  { name: map, shape: [channels = 1, height = 1, width = 1] }: OutputValue,
  size: number,
): OutputValue {
  const shape = [channels, size, size];
  if (height % size === 0 && width % size === 0) {
    const blocks = [0, channels, size, height / size, size, width / size];
    const split = graph.reshape(`${name}.blocks`, map, blocks);
    const options = { axes: ints(3, 5), keepdims: int(0) };
    return { name: graph.add(`${name}.pooled`, 'ReduceMean', [split], options), shape };
  }
  const rows = graph.floats(`${name}.rows`, [size, height], () => cellWeights(height, size));
  const columns = graph.floats(`${name}.columns`, [width, size], () =>
    transposed(cellWeights(width, size), size),
  );
  const byRows = graph.add(`${name}.pooled.rows`, 'MatMul', [rows, map]);
  return { name: graph.add(`${name}.pooled`, 'MatMul', [byRows, columns]), shape };
}

/** Returns the weight of each place in each cell along one axis, [size, length]: cell i is of places ⌊i·length/size⌋ to ⌈(i+1)·length/size⌉. */
function cellWeights(length: number, size: number): Float32Array {
  const weights = new Float32Array(size * length);
  for (let i = 0; i < size; i++) {
    const start = Math.floor((i * length) / size);
    const end = Math.ceil(((i + 1) * length) / size);
    weights.fill(1 / (end - start), i * length + start, i * length + end);
  }
  return weights;
}

/** @param matrix [rows, columns] */
function transposed(matrix: Float32Array, rows: number): Float32Array {
  const columns = matrix.length / rows;
  return Float32Array.from(matrix, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
}
