import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

// Preloaded into the command line, so that the machine appears to have less memory than it has.

const MEMORY_VARIABLE = 'HALONET_TEST_TOTAL_MEMORY';

/** Returns the environment in which the machine appears to have this many bytes of memory. */
export function onSmallMachine(bytes: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.url}`,
    [MEMORY_VARIABLE]: String(bytes),
    UV_THREADPOOL_SIZE: '4', // preloading a module fixes it before bin/halonet.cjs can
  };
}

const bytes = process.env[MEMORY_VARIABLE];
if (bytes !== undefined) {
  os.totalmem = () => Number(bytes);
  syncBuiltinESMExports();
}
