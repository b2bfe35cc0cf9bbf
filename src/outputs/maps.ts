import { alternatives } from '../alternatives.js';
import { OutputError } from '../errors.js';
import type { Format } from './formats/format.js';
import { FORMATS } from './formats/registry.js';

/** The flags of `features` that pool maps to one number per channel. */
export const GLOBAL_POOLS: readonly string[] = ['--pool avg', '--pool max', '--pool gem'];

/**
 * Refuses maps, which have three dimensions, in a format that cannot hold them.
 * @param instead flags that ask for vectors
 * @throws {OutputError} with the formats that can
 */
export function requireMaps({ title, features }: Format, instead: readonly string[]): void {
  if (features.maps) return;
  const others = Object.values(FORMATS).flatMap((format) => (format.features.maps ? [format.name] : []));
  throw new OutputError(`${title} holds one vector per image: maps need the format ${alternatives(others)}`, {
    hint: `Pass ${alternatives([...others.map((other) => `--format ${other}`), ...instead])}.`,
  });
}
