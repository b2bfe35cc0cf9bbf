import type { ImageFailure } from '../errors.js';
import type { Columns, Row, RowName } from '../rows.js';
import type { TextStyle } from './csv-line.js';

/** Returns a JSON document on one line. NaN and the infinities, which JSON lacks, become null. */
function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

export function failureJson({ code, message }: ImageFailure) {
  return { code, message };
}

/**
 * Returns a row as a JSON document on one line: its path, its kept columns, facts about its image and its result. The name is written member by member, since
 * an object would put a column named 2020 first.
 */
export function jsonRow(
  row: Pick<Row, 'id' | 'columns' | 'facts'>,
  result: object,
  style: TextStyle,
): string {
  const { facts = [] } = style;
  const known = facts.map((name) => `,"${name}":${JSON.stringify(row.facts?.[name] ?? null)}`);
  const members = jsonLine(result).slice(1);
  return `${nameText(row, style)}${known.join('')}${members.startsWith('}') ? '' : ','}${members}`;
}

function nameText({ id, columns = {} }: RowName, { columns: kept = [] }: TextStyle): string {
  const members = kept.map((name) => `,${JSON.stringify(name)}:${JSON.stringify(columns[name] ?? null)}`);
  return `{"path":${JSON.stringify(id)}${members.join('')}`;
}

/** Returns the names that a line may hold: exactly one. */
export function jsonNames(text: string, { columns: kept = [] }: TextStyle): readonly RowName[] {
  const { path, ...members } = JSON.parse(text) as Columns & { readonly path: string };
  if (kept.length === 0) return [{ id: path }];
  return [{ id: path, columns: Object.fromEntries(kept.map((name) => [name, members[name] ?? null])) }];
}

/** Replaces the name of a line, which is in its first members. */
export function jsonRenamed(text: string, name: RowName, style: TextStyle): string {
  const [old = { id: '' }] = jsonNames(text, style);
  return nameText(name, style) + text.slice(nameText(old, style).length);
}
