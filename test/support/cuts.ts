import type { Random } from '../../src/random.js';

/** Cuts between all bytes. */
export function cutEverywhere(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte));
}

/**
 * Cuts at up to 16 random places, even inside characters or at the same place twice. Most are near the start, where the
 * separator of a list's entries is detected.
 */
export function cutAtRandom(bytes: Buffer, random: Random): readonly Buffer[] {
  const cuts = Array.from({ length: Math.floor(random() * 17) }, () =>
    Math.floor(random() ** 2 * (bytes.byteLength + 1)),
  );
  const edges = [0, ...cuts.sort((a, b) => a - b), bytes.byteLength];
  return edges.slice(1).map((to, i) => bytes.subarray(edges[i], to));
}
