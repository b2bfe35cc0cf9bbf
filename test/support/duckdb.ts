import { DuckDBInstance } from '@duckdb/node-api';

/** Runs a query in DuckDB, in memory. @returns the rows, as JSON holds their values */
export async function duckdb(query: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(query);
    return reader.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Quotes text for SQL. */
export const sqlText = (text: string) => `'${text.replaceAll("'", "''")}'`;
