/** A source of numbers in [0, 1). */
export type Random = () => number;

/** mulberry32: a 32-bit generator with the same numbers on every machine, for drawings and weights made from a seed. */
export function mulberry32(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns a number in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}
