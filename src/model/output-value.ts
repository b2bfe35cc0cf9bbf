/** A value of the graph that an output is computed from. */
export interface OutputValue {
  readonly name: string;
  readonly shape: readonly number[]; // for one image
}
