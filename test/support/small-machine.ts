import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

// Loaded before the command line, which then takes the machine's memory for smaller than it is.

const MEMORY_VARIABLE = 'HALONET_TEST_TOTAL_MEMORY';

/** The environment in which the machine has so many bytes of memory in all. */
export function onSmallMachine(bytes: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.url}`,
    [MEMORY_VARIABLE]: String(bytes),
    UV_THREADPOOL_SIZE: '4', // a module loaded beforehand fixes it before bin/halonet.cjs can
  };
}

const bytes = process.env[MEMORY_VARIABLE];
if (bytes !== undefined) {
  os.totalmem = () => Number(bytes);
  syncBuiltinESMExports();
}
