import { FormatError } from '../errors.js';

const [QUOTE, LINE_FEED] = [0x22, 0x0a];

/**
 * Cuts CSV into its records, each with its line feed. Line feeds within quotes belong to a cell.
 * @throws {FormatError} if the text ends within a record
 */
export async function* csvRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let begun: Uint8Array[] = []; // of a record that did not end yet
  let isQuoted = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.byteLength; at++) {
      if (chunk[at] === QUOTE) isQuoted = !isQuoted;
      else if (chunk[at] === LINE_FEED && !isQuoted) {
        yield Buffer.concat([...begun, chunk.subarray(start, at + 1)]).toString();
        begun = [];
        start = at + 1;
      }
    }
    if (start < chunk.byteLength) begun.push(chunk.subarray(start));
  }
  if (begun.length > 0) throw new FormatError('the last line is not complete');
}
