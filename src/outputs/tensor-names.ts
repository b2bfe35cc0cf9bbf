import type { Row } from '../rows.js';

/**
 * The names of an output's tensors in the rows of a run, by their names in the output. They differ if several outputs of a run
 * hold the same value in different ways, such as one stage whole and averaged.
 */
export type TensorNames = ReadonlyMap<string, string>;

/** Returns a row whose tensors have the names that an output expects. */
export function withTensorNames(row: Row, names: TensorNames | undefined): Row {
  if (row.status !== 'ok' || names === undefined) return row;
  const { outputs } = row;
  const named = [...names].flatMap(([name, shared]) => {
    const tensor = outputs[shared];
    return tensor === undefined ? [] : [[name, tensor] as const];
  });
  return { ...row, outputs: Object.fromEntries(named) };
}
