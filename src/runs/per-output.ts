/** A value for each output of a run. The folder of the lead holds the journal of the run. */
export interface PerOutput<T> {
  readonly lead: T;
  readonly others: readonly T[]; // in the order of the run; none if it has a single output
}

/** @throws {RangeError} if there is no output */
export function perOutput<T>(values: readonly T[]): PerOutput<T> {
  if (values.length === 0) throw new RangeError('a run needs an output');
  const [lead, ...others] = values as readonly [T, ...T[]];
  return { lead, others };
}

/** Returns the values in the order of the run, the lead's first. */
export const allOutputs = <T>({ lead, others }: PerOutput<T>): readonly T[] => [lead, ...others];

export function mapOutputs<T, U>({ lead, others }: PerOutput<T>, map: (value: T) => U): PerOutput<U> {
  return { lead: map(lead), others: others.map(map) };
}
