import { ModelError } from '../errors.js';
import { correction } from '../spelling.js';

/** Reads one JSON value; throws a ModelError that names `where` if the value is invalid. */
export type Reader<T> = (value: unknown, where: string) => T;

/** Reads a JSON object, unchanged. */
export const record: Reader<Readonly<Record<string, unknown>>> = (value, where) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(where, 'an object', value);
  }
  return { ...value };
};

export const string: Reader<string> = (value, where) => {
  if (typeof value !== 'string') throw wrong(where, 'a string', value);
  return value;
};

export const boolean: Reader<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw wrong(where, 'true or false', value);
  return value;
};

/** Reads a finite number, both bounds included. */
export function number(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): Reader<number> {
  return (value, where) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
      throw wrong(where, `a number${range(min, max)}`, value);
    }
    return value;
  };
}

/** Reads an integer, both bounds included. */
export function integer(min: number, max = Number.POSITIVE_INFINITY): Reader<number> {
  return (value, where) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw wrong(where, `a whole number${range(min, max)}`, value);
    }
    return value;
  };
}

function range(min: number, max: number): string {
  if (max < Number.POSITIVE_INFINITY) return ` from ${min} to ${max}`;
  return min > Number.NEGATIVE_INFINITY ? ` of at least ${min}` : '';
}

/** Reads one of the given names; the error lists them. */
export function oneOf<const T extends string>(names: readonly T[]): Reader<T> {
  return (value, where) => {
    const found = names.find((name) => name === value);
    if (found !== undefined) return found;
    const expected = `one of ${names.map((n) => JSON.stringify(n)).join(', ')}`;
    throw wrong(where, expected, value, typeof value === 'string' ? correction(value, names) : undefined);
  };
}

/** Reads a kernel size: only odd sizes preserve height and width under torch's symmetric padding. */
export const oddKernel: Reader<number> = (value, where) => {
  const size = integer(1, 31)(value, where);
  if (size % 2 === 0) throw wrong(where, 'an odd kernel size', value);
  return size;
};

/** Reads a JSON array of `length` items (any number by default). */
export function list<T>(item: Reader<T>, length?: number): Reader<readonly T[]> {
  return (value, where) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      throw wrong(where, length === undefined ? 'a list' : `a list of ${length}`, value);
    }
    return value.map((entry, i) => item(entry, `${where}[${i}]`));
  };
}

/** Reads a JSON array of at least one item. */
export function nonEmpty<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, where) => {
    const items = list(item)(value, where);
    if (items.length === 0) throw wrong(where, 'a list of at least one', value);
    return items;
  };
}

/** Reads the value, or returns `fallback` if the field is missing or null. */
export function optional<T, F>(reader: Reader<T>, fallback: F): Reader<T | F> {
  return (value, where) => (value === undefined || value === null ? fallback : reader(value, where));
}

/**
 * Refuses misspellings of known fields. Other fields are allowed: these are timm's objects, which hold more fields
 * than are read here.
 */
export function assertSpelled(
  source: Readonly<Record<string, unknown>>,
  known: readonly string[],
  where: string,
): void {
  for (const key of Object.keys(source)) {
    const meant = known.includes(key) ? undefined : correction(key, known);
    if (meant === undefined) continue;
    throw new ModelError(`${where}: unknown field ${JSON.stringify(key)}`, {
      hint: `Did you mean ${meant}?`,
    });
  }
}

/** Reads the value if the field is present, even null; returns undefined if it is missing. */
export const ifGiven =
  <T>(reader: Reader<T>): Reader<T | undefined> =>
  (value, where) =>
    value === undefined ? undefined : reader(value, where);

/** A field that does not matter at inference. */
export const ignored: Reader<undefined> = () => undefined;

/** Reads an object with exactly the fields of `readers`; an unknown field is an error that lists the known ones. */
export function object<T>(readers: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> {
  return (value, where) => {
    const source = record(value, where);
    const known = Object.keys(readers);
    const unknown = Object.keys(source).find((key) => !known.includes(key));
    if (unknown !== undefined) {
      const meant = correction(unknown, known);
      throw new ModelError(`${where}: unknown field ${JSON.stringify(unknown)}`, {
        hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}Known fields: ${known.join(', ')}.`,
      });
    }
    const result: Partial<T> = {};
    for (const key of known as (keyof T & string)[]) {
      const field = readers[key](source[key], `${where}.${key}`);
      if (field !== undefined) result[key] = field;
    }
    return result as T;
  };
}

function wrong(where: string, expected: string, received: unknown, meant?: string): ModelError {
  const problem =
    received === undefined
      ? `${where} is missing; expected ${expected}`
      : `${where}: expected ${expected}, received ${show(received)}`;
  return new ModelError(problem, {
    ...(meant !== undefined && { hint: `Did you mean ${JSON.stringify(meant)}?` }),
  });
}

const SHOWN = 80; // characters

/** Describes a value in a few words; nested values only by their kind. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
