import { mulberry32 } from '../../src/random.js';

/** A script tries one in so many of the moments, or of the calls, that there are; all of them when not told. */
export const ONE_IN = Number(process.env.HALONET_ONE_IN ?? 1);

/** The first of those that are tried, drawn anew for each `way` that they are tried in. */
export function firstTried(way: number, oneIn: number): number {
  return Math.floor(mulberry32(Number(process.env.HALONET_SEED ?? 1) + way)() * oneIn);
}

/** How many are tried at least where there are more than `all`: by chance a sample is smaller than its share. */
export function triedOf(all: number, oneIn = ONE_IN): number {
  return oneIn === 1 ? all : all / (3 * oneIn);
}
