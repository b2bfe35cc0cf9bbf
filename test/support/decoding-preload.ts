import { appendFileSync } from 'node:fs';

// Loaded before the command line, and before every process that it starts: writes down which images the decoding process is
// given.

const RECORD_VARIABLE = 'HALONET_TEST_DECODED_APART';

/** The environment in which paths go to a file, one a line, as they are decoded in a process of their own. */
export function recordingDecodes(record: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${import.meta.url}`,
    [RECORD_VARIABLE]: record,
    UV_THREADPOOL_SIZE: '4', // a module loaded beforehand fixes it before bin/halonet.cjs can
  };
}

const record = process.env[RECORD_VARIABLE];
if (record !== undefined && process.argv[1]?.endsWith('decode-process.js'))
  process.on('message', ({ from }: { readonly from: { readonly file: string } }) =>
    appendFileSync(record, `${from.file}\n`),
  );
