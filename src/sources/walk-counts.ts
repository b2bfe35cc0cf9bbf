import { bytesText } from '../bytes-text.js';
import { counted, grouped } from '../counted.js';
import { type SkippedCounts, SkippedFiles } from './skipped-files.js';

/** What inputs consist of, in their own terms. */
export type SourceTerm = 'archives' | 'members' | 'parquetFiles' | 'rowGroups' | 'parquetRows' | 'lines';

/** What reading them took: bytes of local archives and Parquet files, requests (redirects and retries included), bytes from servers. */
type ReadTerm = 'bytesRead' | 'requests' | 'retries' | 'bytesReceived';

/** The numbers of what a walk came across, and of what was read. Only members of archives that are images count. */
export type SourceCounts = Readonly<Partial<Record<SourceTerm | ReadTerm, number>>>;

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
 * Formats what inputs consist of as `5,000 images in 10 archives, 812.3 MB`; undefined if there is nothing but files, folders and
 * addresses.
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
  const { bytesRead = 0 } = counts;
  if (bytesRead > 0) parts.push(bytesText(bytesRead));
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Formats requests to servers as `210, 3 of them retries, 12.3 MB received`; undefined if there were none. */
export function requestsText({
  requests = 0,
  retries = 0,
  bytesReceived = 0,
}: SourceCounts): string | undefined {
  if (requests === 0) return undefined;
  const retried =
    retries === 0 ? [] : [`${grouped(retries)} of them ${retries === 1 ? 'a retry' : 'retries'}`];
  return [grouped(requests), ...retried, `${bytesText(bytesReceived)} received`].join(', ');
}
