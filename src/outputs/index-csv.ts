import {
  csvLine,
  csvNames,
  csvRenamed,
  failureCell,
  firstCells,
  headerLine,
  type TextStyle,
} from './csv-line.js';
import type { RowFile, TextFile } from './row-file.js';

const COMMA = 0x2c;

/** Returns the file beside arrays that names the image of each row: `row,path,error`, rows from 0, with the kept columns of items and the facts after the path. */
export function indexFile(name: RowFile['name'], style: TextStyle): TextFile {
  return {
    name,
    header: Buffer.from(headerLine(['row', 'path'], ['error'], style)),
    rows: {
      encode: (row, number) =>
        Buffer.from(
          csvLine(
            [number, ...firstCells(row, style), row.status === 'failed' ? failureCell(row.failure) : ''],
            style,
          ),
        ),
      names: (text) => csvNames(text, 1, style),
      renamed: (text, name) => csvRenamed(text, 1, name, style),
      renumbered: (row, number) =>
        Buffer.concat([Buffer.from(String(number)), row.subarray(row.indexOf(COMMA))]),
    },
  };
}
