import type { ImageFailure } from '../errors.js';

/** One JSON document on a line. NaN and the infinities, which JSON lacks, become null. */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

export function failureJson({ code, message }: ImageFailure) {
  return { code, message };
}

/** What the path in a line may be. */
export function jsonPaths(text: string): readonly string[] {
  return [(JSON.parse(text) as { readonly path: string }).path];
}

/** The line with another path, which is its first member. */
export function jsonRenamed(text: string, path: string): string {
  const [old = ''] = jsonPaths(text);
  return `{"path":${JSON.stringify(path)}${text.slice(`{"path":${JSON.stringify(old)}`.length)}`;
}
