import { Errors, run } from '@oclif/core';
// oclif imports the commands by itself; here they are loaded before anything else is done.
import './index.js';

import { withoutColourFlag } from './report/colour.js';

export { settleThreads } from '../src/runtime/session.js';
export { reportFailure } from './support/failure.js';

/**
 * Runs the command line of this process. What a command says of its failure is said by then, with its exit code set.
 *
 * @param folder of the entry, in the package
 * @throws what no command could say anything of: a defect, or help on a command that there is not
 */
export async function runCommandLine(folder: string): Promise<void> {
  try {
    await run(withoutColourFlag(process.argv.slice(2)), folder);
  } catch (error) {
    if (!(error instanceof Errors.ExitError)) throw error;
    process.exitCode = error.oclif.exit;
  }
}
