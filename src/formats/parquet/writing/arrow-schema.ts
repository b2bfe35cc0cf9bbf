import { Builder, type Offset } from 'flatbuffers';
import { isVector, type WrittenColumn } from './columns.js';

/** The key of the metadata of a file under which Arrow's readers find the schema. */
export const ARROW_SCHEMA = 'ARROW:schema';

// Numbers of https://github.com/apache/arrow/blob/main/format/Schema.fbs and Message.fbs.
const TYPES = { Int: 2, FloatingPoint: 3, Utf8: 5, Bool: 6, FixedSizeList: 16 } as const;
const V5 = 4;
const SCHEMA_HEADER = 1;
const PRECISIONS = { float16: 0, float: 1, float32: 1, double: 2 } as const;
const CONTINUATION = 0xffffffff;
const ALIGNMENT = 8;

/**
 * Returns the Arrow schema of a file as `ARROW:schema` holds it: the encapsulated message of Arrow's IPC format, in base64. With it,
 * PyArrow sees vectors as lists of a fixed size and labels as dictionaries, for which Parquet has no types.
 */
export function arrowSchema(columns: readonly WrittenColumn[]): string {
  const builder = new Builder(1024);
  const fields = columns.map((column) => field(builder, column));
  const fieldVector = vectorOf(builder, fields);
  const schema = table(builder, 4, (add) => add.offset(1, fieldVector));
  const message = table(builder, 5, (add) => {
    add.int16(0, V5);
    add.int8(1, SCHEMA_HEADER);
    add.offset(2, schema);
  });
  builder.finish(message);
  const metadata = builder.asUint8Array();
  const length = Math.ceil(metadata.byteLength / ALIGNMENT) * ALIGNMENT;
  const bytes = Buffer.alloc(8 + length);
  bytes.writeUInt32LE(CONTINUATION, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.set(metadata, 8);
  return bytes.toString('base64');
}

interface FieldSpec {
  readonly name: string;
  readonly isNullable: boolean;
  readonly type: keyof typeof TYPES;
  readonly details: Offset; // the table of the type
  readonly dictionary?: Offset;
  readonly children?: readonly Offset[];
}

function field(builder: Builder, column: WrittenColumn): Offset {
  const { name } = column;
  if (isVector(column)) {
    const element = floating(builder, PRECISIONS[column.dtype]);
    const child = addField(builder, {
      name: 'element',
      isNullable: false,
      type: 'FloatingPoint',
      details: element,
    });
    const list = table(builder, 1, (add) => add.int32(0, column.length));
    return addField(builder, {
      name,
      isNullable: false,
      type: 'FixedSizeList',
      details: list,
      children: [child],
    });
  }
  const { isNullable, type } = column;
  const spec = (kind: keyof typeof TYPES, details: Offset): Offset =>
    addField(builder, { name, isNullable, type: kind, details });
  switch (type) {
    case 'text':
      return spec(
        'Utf8',
        table(builder, 0, () => {}),
      );
    case 'label': {
      const index = integer(builder, 32);
      const dictionary = table(builder, 4, (add) => add.offset(1, index));
      const details = table(builder, 0, () => {});
      return addField(builder, { name, isNullable, type: 'Utf8', details, dictionary });
    }
    case 'int32':
      return spec('Int', integer(builder, 32));
    case 'int64':
      return spec('Int', integer(builder, 64));
    case 'float':
    case 'double':
      return spec('FloatingPoint', floating(builder, PRECISIONS[type]));
    case 'boolean':
      return spec(
        'Bool',
        table(builder, 0, () => {}),
      );
  }
}

const integer = (builder: Builder, bits: number): Offset =>
  table(builder, 2, (add) => {
    add.int32(0, bits);
    add.int8(1, 1); // signed
  });

const floating = (builder: Builder, precision: number): Offset =>
  table(builder, 1, (add) => add.int16(0, precision));

function addField(builder: Builder, spec: FieldSpec): Offset {
  const name = builder.createString(spec.name);
  const children = vectorOf(builder, spec.children ?? []); // Arrow's readers require it, even if it is empty
  return table(builder, 7, (add) => {
    add.offset(0, name);
    add.int8(1, spec.isNullable ? 1 : 0);
    add.int8(2, TYPES[spec.type]);
    add.offset(3, spec.details);
    if (spec.dictionary !== undefined) add.offset(4, spec.dictionary);
    add.offset(5, children);
  });
}

function vectorOf(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

/** Adds the fields of a table, by their numbers. */
interface FieldAdder {
  readonly int8: (at: number, value: number) => void;
  readonly int16: (at: number, value: number) => void;
  readonly int32: (at: number, value: number) => void;
  readonly offset: (at: number, value: Offset) => void;
}

function table(builder: Builder, fields: number, add: (adder: FieldAdder) => void): Offset {
  builder.startObject(fields);
  add({
    int8: (at, value) => builder.addFieldInt8(at, value, 0),
    int16: (at, value) => builder.addFieldInt16(at, value, 0),
    int32: (at, value) => builder.addFieldInt32(at, value, 0),
    offset: (at, value) => builder.addFieldOffset(at, value, 0),
  });
  return builder.endObject();
}
