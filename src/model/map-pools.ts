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

/** Averages the rows of each cell, then its columns, in single precision, whatever that of the map. */
function grid(graph: GraphBuilder, name: string, map: OutputValue, size: number): OutputValue {
  const wide = graph.cast(`${name}.wide`, map.name, 'float32');
  const rows = cellMeans(graph, `${name}.rows`, wide, 2, size);
  const pooled = cellMeans(graph, `${name}.columns`, rows, 3, size);
  return { name: pooled, shape: [...map.shape.slice(0, 1), size, size] };
}

/** A range of places along one axis of a map. */
interface Cell {
  readonly start: number;
  readonly length: number;
}

/** Returns the cells of `adaptive_avg_pool2d` along one axis; they may overlap, and their lengths may differ by one. */
const cellsOf = (length: number, size: number): readonly Cell[] =>
  Array.from({ length: size }, (_, i) => {
    const start = Math.floor((i * length) / size);
    return { start, length: Math.ceil(((i + 1) * length) / size) - start };
  });

/**
 * Averages the places of each cell along one axis, which becomes `size` long. Products with matrices of weights would be shorter,
 * but in half precision, or in TF32 on CUDA, they would be rounded.
 */
function cellMeans(graph: GraphBuilder, name: string, x: string, axis: number, size: number): string {
  const shape = graph.shapeOf(x);
  const cells = cellsOf(shape[axis] ?? 1, size);
  const longest = Math.max(...cells.map(({ length }) => length));
  const split = shape.flatMap((own, i) => (i === axis ? [size, longest] : [i === 0 ? 0 : own]));
  let parts = graph.reshape(`${name}.cells`, inCells(graph, name, x, axis, cells, longest), split);
  if (cells.some(({ length }) => length < longest)) {
    const weights = cells.flatMap(({ length }) =>
      Array.from({ length: longest }, (_, i) => (i < length ? longest / length : 0)),
    );
    const along = [size, longest, ...shape.slice(axis + 1).map(() => 1)];
    const constant = graph.floats(`${name}.weights`, along, () => Float32Array.from(weights));
    parts = graph.add(`${name}.weighted`, 'Mul', [parts, constant]);
  }
  return graph.add(`${name}.means`, 'ReduceMean', [parts], { axes: ints(axis + 1), keepdims: int(0) });
}

/** Lines up the places of all cells along one axis, `longest` for each: a shorter cell repeats its last one. */
function inCells(
  graph: GraphBuilder,
  name: string,
  x: string,
  axis: number,
  cells: readonly Cell[],
  longest: number,
): string {
  const places = cells.flatMap(({ start, length }) =>
    Array.from({ length: longest }, (_, i) => start + Math.min(i, length - 1)),
  );
  if (places.length === graph.shapeOf(x)[axis]) return x; // they are so already
  const order = graph.int64(`${name}.order`, places.length, () => places);
  return graph.add(`${name}.gathered`, 'Gather', [x, order], { axis: int(axis) });
}
