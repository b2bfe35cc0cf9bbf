import { ModelError } from '../../errors.js';

/** Returns an entry of a registry, or throws a ModelError that lists the known names. */
export function lookup<T>(field: string, registry: Readonly<Record<string, T>>, name: string): T {
  if (!Object.hasOwn(registry, name)) {
    const known = Object.keys(registry).map((key) => key || '""');
    throw new ModelError(`model_cfg.${field}: unknown value ${JSON.stringify(name)}`, {
      hint: `Known: ${known.join(', ')}.`,
    });
  }
  return registry[name] as T;
}
