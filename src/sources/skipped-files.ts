import { extname } from 'node:path';
import { counted } from '../counted.js';

/** Counts of files in folders that were not treated as images, by extension in lower case; '' for files without one. */
export type SkippedCounts = Readonly<Record<string, number>>;

// Names such as scan.000001 would otherwise give as many extensions as files.
const MAX_EXTENSIONS = 100;

/** The key of all further extensions. */
const OTHERS = '*';

/** Counts the files that a walk passes over. */
export class SkippedFiles {
  #counts = new Map<string, number>();

  add(path: string): void {
    const extension = extname(path).toLowerCase().replace(/^\.$/, '');
    const isCounted = this.#counts.has(extension) || this.#counts.size < MAX_EXTENSIONS;
    const key = isCounted ? extension : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Resets the counts when a walk restarts. */
  clear(): void {
    this.#counts.clear();
  }

  /** The counts, the most frequent extension first. */
  get counts(): SkippedCounts {
    return Object.fromEntries([...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
  }
}

const SHOWN = 5; // extensions

/** Formats counts as `17 files without a supported image extension: 12 .mov, 5 without any`; undefined if there are none. */
export function skippedText(counts: SkippedCounts): string | undefined {
  const entries = Object.entries(counts);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  const named = entries.filter(([extension]) => extension !== OTHERS).slice(0, SHOWN);
  const others = named.reduce((rest, [, count]) => rest - count, total);
  const parts = named.map(([extension, count]) => `${count} ${extension === '' ? 'without any' : extension}`);
  if (others > 0) parts.push(counted(others, 'other'));
  return `${counted(total, 'file')} without a supported image extension: ${parts.join(', ')}`;
}
