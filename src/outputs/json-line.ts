import type { ImageFailure } from '../errors.js';

/** Returns a JSON document on one line. NaN and the infinities, which JSON lacks, become null. */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

export function failureJson({ code, message }: ImageFailure) {
  return { code, message };
}

/** Returns the paths that a line may hold: exactly one. */
export function jsonPaths(text: string): readonly string[] {
  return [(JSON.parse(text) as { readonly path: string }).path];
}

/** Replaces the path of a line, which is its first member. */
export function jsonRenamed(text: string, path: string): string {
  const [old = ''] = jsonPaths(text);
  return `{"path":${JSON.stringify(path)}${text.slice(`{"path":${JSON.stringify(old)}`.length)}`;
}
