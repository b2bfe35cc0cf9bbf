/** The layout of halo attention's blocks of queries and windows of keys on a feature map. */
export interface HaloGrid {
  readonly heads: number;
  readonly height: number; // of the input, a multiple of `block`
  readonly width: number;
  readonly block: number; // side of a block, in input pixels
  readonly halo: number; // input pixels by which a window extends beyond its block
  readonly stride: number; // every stride-th pixel is a query
}

// A "row" is the channels of one head at one pixel: row (y * width + x) * heads + head of a channels-last map.

/** The number of queries along a block's side. */
export const querySide = (grid: HaloGrid): number => grid.block / grid.stride;

/** The number of keys along a window's side. */
export const windowSide = (grid: HaloGrid): number => grid.block + 2 * grid.halo;

/** The number of blocks in the map. */
export const blockCount = (grid: HaloGrid): number => (grid.height / grid.block) * (grid.width / grid.block);

/** Returns the rows of the input map that are queries, in the order [block, head, query]. */
export function queryRows(grid: HaloGrid): number[] {
  return rowsByBlock(grid, querySide(grid), (block, i) => block * grid.block + i * grid.stride);
}

/**
 * Returns the rows of the input map that are keys, in the order [block, head, key]. A key beyond the map is the row
 * after the last one, where the caller puts zeros.
 */
export function windowRows(grid: HaloGrid): number[] {
  return rowsByBlock(grid, windowSide(grid), (block, i) => block * grid.block + i - grid.halo);
}

/** Returns, for each row of the output map in order, its index in the order [block, head, query]. */
export function outputRows(grid: HaloGrid): number[] {
  const side = querySide(grid);
  const output = { ...grid, height: grid.height / grid.stride, width: grid.width / grid.stride };
  const rows = rowsByBlock(output, side, (block, i) => block * side + i, grid.block / grid.stride);
  const places = new Array<number>(rows.length);
  for (const [place, row] of rows.entries()) places[row] = place;
  return places;
}

function rowsByBlock(
  { heads, height, width, block }: HaloGrid,
  side: number,
  pixel: (block: number, i: number) => number,
  blockSide = block,
): number[] {
  const beyond = height * width * heads;
  const rowOf = (y: number, x: number, head: number) =>
    y >= 0 && y < height && x >= 0 && x < width ? (y * width + x) * heads + head : beyond;
  const blocksDown = height / blockSide;
  const blocksAcross = width / blockSide;
  const perHead = side * side;
  return Array.from({ length: blocksDown * blocksAcross * heads * perHead }, (_, place) => {
    const [i, j] = [Math.floor((place % perHead) / side), place % side];
    const head = Math.floor(place / perHead) % heads;
    const blockIndex = Math.floor(place / (perHead * heads));
    const y = pixel(Math.floor(blockIndex / blocksAcross), i);
    return rowOf(y, pixel(blockIndex % blocksAcross, j), head);
  });
}

/**
 * Returns the relative position embedding as one matrix per query of a block: logit(query, key) is q · table[query,
 * :, key]. timm counts relative positions from the query's index among the block's queries, strided or not.
 *
 * @param widthRel [2 * window − 1, dim], heightRel likewise (timm's `PosEmbedRel`)
 * @returns [queries, dim, keys]
 */
export function positionTable(
  grid: HaloGrid,
  dim: number,
  widthRel: Float32Array,
  heightRel: Float32Array,
  scale: number,
): Float32Array {
  const side = querySide(grid);
  const window = windowSide(grid);
  const table = new Float32Array(side * side * dim * window * window);
  let at = 0;
  for (let qy = 0; qy < side; qy++) {
    for (let qx = 0; qx < side; qx++) {
      for (let d = 0; d < dim; d++) {
        for (let ky = 0; ky < window; ky++) {
          const vertical = heightRel[(ky - qy + window - 1) * dim + d] ?? 0;
          for (let kx = 0; kx < window; kx++) {
            table[at++] = scale * (vertical + (widthRel[(kx - qx + window - 1) * dim + d] ?? 0));
          }
        }
      }
    }
  }
  return table;
}
