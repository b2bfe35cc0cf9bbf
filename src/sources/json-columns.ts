import { FormatError } from '../errors.js';
import type { Columns } from '../rows.js';

// Text, which is left alone, or a number.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Puts integers that a JavaScript number cannot hold into quotes, so that they stay as they are.
 *
 * @param json valid JSON: in any other text, looking for the ends of strings could take very long
 */
const withExactIntegers = (json: string): string =>
  json.replace(TOKEN, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );

/**
 * Returns the members of a JSON object as columns. Nested values stay JSON text. Integers that a JavaScript number cannot hold become
 * text.
 *
 * @param what for messages: line 3
 * @throws FormatError if it is no object
 */
export function columnsInJson(text: string, what: string): Columns {
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (/\d{16}/.test(text)) value = JSON.parse(withExactIntegers(text));
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
