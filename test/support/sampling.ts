import { mulberry32 } from '../../src/random.js';

/** A script tries one in this many moments or calls; all of them by default. */
export const ONE_IN = Number(process.env.HALONET_ONE_IN ?? 1);

/** How many a script tries for a run of several outputs, which makes as many more calls: one in this many. */
export const oneInFor = (outputs: number): number => (ONE_IN === 1 ? 1 : ONE_IN * outputs);

/** Draws the first one to try, separately for each `way` of trying them. */
export function firstTried(way: number, oneIn: number): number {
  return Math.floor(mulberry32(Number(process.env.HALONET_SEED ?? 1) + way)() * oneIn);
}

/** How many of more than `all` are tried at least: a sample may be smaller than its share by chance. */
export function triedOf(all: number, oneIn = ONE_IN): number {
  return oneIn === 1 ? all : all / (3 * oneIn);
}
