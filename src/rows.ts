import type { ImageFailure } from './errors.js';
import type { Tensor } from './tensor.js';

/**
 * The result for one input, in input order. `outputs` holds one tensor per requested model output
 * (`logits`, `embedding`, `stage2`, …) without the batch dimension.
 */
export type Row =
  | { readonly status: 'ok'; readonly path: string; readonly outputs: Readonly<Record<string, Tensor>> }
  | { readonly status: 'failed'; readonly path: string; readonly failure: ImageFailure };

/**
 * Where rows go. The order of calls is `write`*, then `commit`, or `abort` after anything that failed (`commit` too).
 * `write` resolves when the sink can take more (backpressure); nothing stands under its final
 * name before `commit` resolves, and nothing is left behind after `abort`.
 */
export interface RowSink {
  write(row: Row): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}
