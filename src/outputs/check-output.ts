import { findFeaturesFolder } from './features-folder.js';
import { type OutputFormat, unpooledCsv } from './format.js';
import { findMatrixPlaces } from './matrix-sink.js';
import { findPlace } from './place.js';

export interface CheckedOutput {
  readonly output: string; // a path, or '-'
  readonly overwrite: boolean;
  readonly pooled?: boolean; // of `features`
}

/**
 * Refuses an output that cannot be opened, without touching the disk: before a model is fetched and
 * built, which opening the sink waits for.
 * @throws {OutputError} as the command's `open…Sink`
 */
export async function checkOutput(
  command: 'classify' | 'embed' | 'features',
  format: OutputFormat,
  { output, overwrite, pooled }: CheckedOutput,
): Promise<void> {
  if (command === 'features' && format === 'csv' && pooled === false) throw unpooledCsv();
  if (format !== 'npy') await findPlace(output, overwrite);
  else if (command === 'features') await findFeaturesFolder(output, overwrite);
  else await findMatrixPlaces(output, overwrite);
}
