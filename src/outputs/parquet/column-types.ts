import type { Scalar } from '../../formats/parquet/scalars.js';
import type { ScalarColumn } from '../../formats/parquet/writing/columns.js';

/** The type of a column whose values are found out one by one; undefined while all are null. */
export type FoundType = 'int64' | 'double' | 'boolean' | 'text' | undefined;

/** Returns the type that holds the values so far and one more: text if they are of several kinds. */
export function widened(type: FoundType, value: Scalar | undefined): FoundType {
  if (value === null || value === undefined) return type;
  const own = typeOf(value);
  if (type === undefined || type === own) return own;
  const numbers: readonly FoundType[] = ['int64', 'double'];
  return numbers.includes(type) && numbers.includes(own) ? 'double' : 'text';
}

function typeOf(value: string | number | boolean): NonNullable<FoundType> {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int64' : 'double';
}

/** Returns a value as a column holds it. */
export function stored(type: ScalarColumn['type'], value: Scalar | undefined): Scalar | bigint {
  if (value === null || value === undefined) return null;
  if (type === 'int64') return BigInt(value);
  return type === 'text' || type === 'label' ? String(value) : value;
}
