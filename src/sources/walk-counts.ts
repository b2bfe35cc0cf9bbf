import { counted } from '../counted.js';
import { type SkippedCounts, SkippedFiles } from './skipped-files.js';

/** What inputs consist of, in their own terms. */
export type SourceTerm = 'archives' | 'members' | 'parquetFiles' | 'rowGroups' | 'parquetRows' | 'lines';

/** The numbers of what a walk came across. Members of archives, rows of Parquet files and lines of lists count if they lead to items. */
export type SourceCounts = Readonly<Partial<Record<SourceTerm, number>>>;

/** Counts what a walk comes across. */
export class WalkCounts {
  readonly #skipped = new SkippedFiles();
  #sources: Partial<Record<SourceTerm, number>> = {};

  add(term: SourceTerm, count: number): void {
    this.#sources[term] = (this.#sources[term] ?? 0) + count;
  }

  addSkipped(path: string): void {
    this.#skipped.add(path);
  }

  /** Resets the counts when a walk restarts. */
  clear(): void {
    this.#skipped.clear();
    this.#sources = {};
  }

  get sources(): SourceCounts {
    return { ...this.#sources };
  }

  get skipped(): SkippedCounts {
    return this.#skipped.counts;
  }
}

/**
 * Formats counts as `5,000 images in 10 archives, 200 rows in 3 row groups of 1 Parquet file`; undefined if there is nothing but files and
 * folders.
 */
export function sourcesText(counts: SourceCounts): string | undefined {
  const { archives = 0, members = 0, parquetFiles = 0, rowGroups = 0, parquetRows = 0, lines = 0 } = counts;
  const parts = [
    ...(lines > 0 ? [`${counted(lines, 'line')} of a list`] : []),
    ...(archives > 0 ? [`${counted(members, 'image')} in ${counted(archives, 'archive')}`] : []),
    ...(parquetFiles > 0
      ? [
          `${counted(parquetRows, 'row')} in ${counted(rowGroups, 'row group')} of ${counted(parquetFiles, 'Parquet file')}`,
        ]
      : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
