import { FormatError } from '../errors.js';
import type { Columns } from '../rows.js';

/**
 * Returns the members of a JSON object as columns. Nested values stay JSON text.
 *
 * @param what for messages: line 3
 * @throws FormatError if it is no object
 */
export function columnsInJson(text: string, what: string): Columns {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError(`${what} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError(`${what} is not a JSON object`);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      typeof one === 'object' && one !== null ? JSON.stringify(one) : one,
    ]),
  );
}
