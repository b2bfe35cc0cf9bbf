import { appendFileSync } from 'node:fs';

// Preloaded into the command line and every process that it starts: records which images the decoding process is given.

const RECORD_VARIABLE = 'HALONET_TEST_DECODED_APART';

/** Returns the environment that records the paths decoded in the separate process to a file, one a line. */
export function recordingDecodes(record: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.url}`,
    [RECORD_VARIABLE]: record,
    UV_THREADPOOL_SIZE: '4', // preloading a module fixes it before bin/halonet.cjs can
  };
}

const record = process.env[RECORD_VARIABLE];
if (record !== undefined && process.argv[1]?.endsWith('decode-process.js'))
  process.on('message', ({ from }: { readonly from: { readonly file: string } }) =>
    appendFileSync(record, `${from.file}\n`),
  );
