import type { FailedRow, OkRow } from '../rows.js';
import type { TextStyle } from './csv-line.js';
import { failureJson, jsonNames, jsonRenamed, jsonRow } from './json-line.js';
import type { RowFile, TextFile } from './row-file.js';

/**
 * Returns a file of JSON lines: a document for each image, with its path first.
 * @param result returns the members of a document after its name
 */
export function jsonlFile(name: RowFile['name'], style: TextStyle, result: (row: OkRow) => object): TextFile {
  const resultOf = (row: OkRow | FailedRow) =>
    row.status === 'failed' ? { error: failureJson(row.failure) } : result(row);
  return {
    name,
    header: Buffer.of(),
    rows: {
      encode: (row) => Buffer.from(jsonRow(row, resultOf(row), style)),
      names: (text) => jsonNames(text, style),
      renamed: (text, renamed) => jsonRenamed(text, renamed, style),
    },
  };
}
