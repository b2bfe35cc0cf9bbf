// Prints the records of a CSV file as JSON, read by DuckDB: node read-duckdb.mjs DUCKDB detected|given FILE
// DUCKDB is the folder whose node_modules contain it; FILE has no apostrophe. DuckDB detects the dialect or is told it.
import { createRequire } from 'node:module';

const [folder, dialect, file] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(`${folder}/any.js`)('@duckdb/node-api');
const options = dialect === 'given' ? `, delim = ',', quote = '"', escape = '"'` : '';
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
// Reads the header like any record, and all cells as text; in hex, because the binding drops a byte order mark.
const read = `SELECT hex(COLUMNS(*)) FROM read_csv('${file}', header = false, all_varchar = true${options})`;
const rows = (await connection.runAndReadAll(read)).getRows();
// DuckDB reads an empty cell as NULL.
const records = rows.map((row) => row.map((hex) => Buffer.from(hex ?? '', 'hex').toString()));
process.stdout.write(JSON.stringify(records));
