// src/formats/parquet/writing/: columns of values to the row groups and footer of a Parquet file

import type { ParquetWriter } from 'hyparquet-writer';

// hyparquet-writer takes its types from a release of hyparquet of its own.
type SchemaElement = ParquetWriter['schema'][number];
export type RowGroup = ParquetWriter['row_groups'][number];
export type ColumnChunk = RowGroup['columns'][number];

/** A column of a file to write. */
export type WrittenColumn = ScalarColumn | VectorColumn;

/** A column of single values. Only text may be null. */
export interface ScalarColumn {
  readonly name: string;
  /** `label` is text of few distinct values, which Arrow sees as a dictionary. */
  readonly type: 'text' | 'label' | 'int32' | 'int64' | 'float' | 'double' | 'boolean';
  readonly isNullable: boolean;
}

/** A column of vectors, all of one length; none is null. */
export interface VectorColumn {
  readonly name: string;
  readonly type: 'vector';
  readonly dtype: 'float32' | 'float16';
  readonly length: number; // elements, at least 1
}

export const isVector = (column: WrittenColumn): column is VectorColumn => column.type === 'vector';

const SCALARS: Readonly<Record<ScalarColumn['type'], Omit<SchemaElement, 'name' | 'repetition_type'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  label: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
};

/** The path in the schema from a column of vectors to its elements. */
export const VECTOR_PATH = ['list', 'element'] as const;

const ELEMENTS: Readonly<Record<VectorColumn['dtype'], Omit<SchemaElement, 'name' | 'repetition_type'>>> = {
  float32: { type: 'FLOAT' },
  float16: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } },
};

/** Returns the schema of a file, depth first. Vectors are lists (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md). */
export function schemaOf(columns: readonly WrittenColumn[]): SchemaElement[] {
  return [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(elementsOf)];
}

function elementsOf(column: WrittenColumn): SchemaElement[] {
  const { name } = column;
  if (!isVector(column)) {
    const repetition_type = column.isNullable ? 'OPTIONAL' : 'REQUIRED';
    return [{ name, repetition_type, ...SCALARS[column.type] }];
  }
  const [list, element] = VECTOR_PATH;
  const isList = { converted_type: 'LIST', logical_type: { type: 'LIST' } } as const;
  return [
    { name, repetition_type: 'REQUIRED', num_children: 1, ...isList },
    { name: list, repetition_type: 'REPEATED', num_children: 1 },
    { name: element, repetition_type: 'REQUIRED', ...ELEMENTS[column.dtype] },
  ];
}
