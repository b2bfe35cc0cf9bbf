import { type CsvStyle, csvLine, csvPaths, csvRenamed, failureCell } from './csv-line.js';
import type { RowFile, TextFile } from './row-file.js';

const COMMA = 0x2c;

/** Returns the file beside arrays that names the image of each row: `row,path,error`, rows from 0. */
export function indexFile(name: RowFile['name'], style: CsvStyle): TextFile {
  return {
    name,
    header: Buffer.from('row,path,error\n'),
    rows: {
      encode: (row, number) =>
        Buffer.from(
          csvLine([number, row.id, row.status === 'failed' ? failureCell(row.failure) : ''], style),
        ),
      paths: (text) => csvPaths(text, 1),
      renamed: (text, path) => csvRenamed(text, 1, path, style),
      renumbered: (row, number) =>
        Buffer.concat([Buffer.from(String(number)), row.subarray(row.indexOf(COMMA))]),
    },
  };
}
