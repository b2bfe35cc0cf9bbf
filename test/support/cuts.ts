import type { Random } from '../../src/random.js';

/** Each byte on its own. */
export function cutEverywhere(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte));
}

/**
 * Up to 16 cuts anywhere, through characters and on top of one another too. Most are near the beginning, where it shows what ends
 * the entries of a list.
 */
export function cutAtRandom(bytes: Buffer, random: Random): readonly Buffer[] {
  const cuts = Array.from({ length: Math.floor(random() * 17) }, () =>
    Math.floor(random() ** 2 * (bytes.byteLength + 1)),
  );
  const edges = [0, ...cuts.sort((a, b) => a - b), bytes.byteLength];
  return edges.slice(1).map((to, i) => bytes.subarray(edges[i], to));
}
