import { type ImageFailure, OutputError } from '../errors.js';
import type { ByteChannel } from '../files/byte-channel.js';
import { countFailure, failureCode, type RowSink } from '../rows.js';
import type { GrowingRowFile } from './row-file.js';
import { TextTarget } from './text-target.js';

/**
 * Streams the single file of an output to a device or standard output, where nothing can be undone or resumed. The header is
 * written with the first row or, if there is none, at the end: a run that fails early prints nothing.
 */
export function streamSink(channel: ByteChannel, { header, rows: { encode } }: GrowingRowFile): RowSink {
  const target = new TextTarget(channel);
  let hasBegun = false;
  const begin = async () => {
    if (hasBegun) return;
    hasBegun = true;
    await target.write(header);
  };
  const failures: Partial<Record<ImageFailure['code'], number>> = {};
  let rows = 0;
  return {
    get counts() {
      return { rows, failures };
    },
    async write(row) {
      if (row.status === 'stored')
        throw new OutputError(`${row.id} has a row already, which a stream cannot take over`);
      const encoded = encode(row, rows);
      await begin();
      await target.write(encoded);
      rows++;
      countFailure(failures, failureCode(row));
    },
    async commit() {
      await begin();
      await target.commit();
    },
    async leave() {
      await target.abort();
      return 0;
    },
  };
}
