import type { ImageFailure } from '../errors.js';
import type { Columns, RowName } from '../rows.js';
import type { TextStyle } from './csv-line.js';

/** Returns a JSON document on one line. NaN and the infinities, which JSON lacks, become null. */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

export function failureJson({ code, message }: ImageFailure) {
  return { code, message };
}

/** Returns the members that name an item: its path and its kept columns. */
export function nameMembers({ id, columns }: RowName, { columns: kept = [] }: TextStyle) {
  return { path: id, ...Object.fromEntries(kept.map((name) => [name, columns?.[name] ?? null])) };
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
  const start = (one: RowName) => JSON.stringify(nameMembers(one, style)).slice(0, -1);
  return start(name) + text.slice(start(old).length);
}
