/** Rounds as Python's `round(x)`: halves go to the even neighbour. timm's channel counts and crops depend on it. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Rounds as timm's `make_divisible`: to the nearest multiple of `divisor`, at least `min`, and not below `roundLimit` times
 * `value`.
 */
export function makeDivisible(value: number, divisor = 8, { min = divisor, roundLimit = 0.9 } = {}): number {
  const nearest = Math.max(min, Math.floor((value + divisor / 2) / divisor) * divisor);
  return nearest < roundLimit * value ? nearest + divisor : nearest;
}
