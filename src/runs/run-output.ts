import type { OutputLayout } from '../outputs/layout.js';
import type { TensorNames } from '../outputs/tensor-names.js';
import type { RunPlace } from './run-place.js';

/** An output of a run: where it goes, and how rows become its files. */
export interface RunOutput {
  readonly place: RunPlace;
  readonly layout: OutputLayout;
  readonly command: string; // that writes such an output, such as `embed`
  readonly tensors?: TensorNames | undefined; // by default, rows hold its tensors under its own names
}
