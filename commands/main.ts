import { Errors, run } from '@oclif/core';
// Loads the commands before anything else runs; oclif would import them later.
import './index.js';

import { withoutColourFlag } from './report/colour.js';

export { settleThreads } from '../src/runtime/session.js';
export { reportFailure, reportUnfinished } from './support/failure.js';

/**
 * Runs the command line of this process. A command that fails reports it and sets the exit code before this
 * returns.
 *
 * @param folder the folder of the entry in the package
 * @throws errors that no command reports: defects, or help on an unknown command
 */
export async function runCommandLine(folder: string): Promise<void> {
  try {
    await run(withoutColourFlag(process.argv.slice(2)), folder);
  } catch (error) {
    if (!(error instanceof Errors.ExitError)) throw error;
    process.exitCode = error.oclif.exit;
  }
}
