import type { ImageFailure } from '../errors.js';

/** Thrown inside src/images where an image turns out to be unusable; `decodeImage` returns its failure. */
export class ImageRefusal extends Error {
  override readonly name = 'ImageRefusal';
  readonly failure: ImageFailure;

  constructor(code: ImageFailure['code'], message: string) {
    super(message);
    this.failure = { code, message };
  }
}

const MAX_REASON = 200;

/** libvips' reason on one line: its log repeats itself, and sharp puts its own words before it. */
export function libvipsReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message
    .replace(/^Input (buffer|file) (has corrupt header|contains): ?/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const reason = [...new Set(lines)].join('; ');
  return reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON - 1)}…` : reason;
}
