import { type CsvStyle, csvLine, csvPaths, csvRenamed, failureCell } from './csv.js';
import type { TextEncoding } from './layout.js';

const COMMA = 0x2c;

/** The file beside arrays that says which image each of their rows is: `row,path,error`, rows from 0. */
export function indexCsv(style: CsvStyle): TextEncoding {
  return {
    header: 'row,path,error\n',
    text: (row, number) =>
      csvLine([number, row.path, row.status === 'failed' ? failureCell(row.failure) : ''], style),
    paths: (text) => csvPaths(text, 1),
    renamed: (text, path) => csvRenamed(text, 1, path, style),
    renumbered: (text, number) =>
      Buffer.concat([Buffer.from(String(number)), text.subarray(text.indexOf(COMMA))]),
  };
}
