import { FormatError } from '../../errors.js';
import type { ReadAt } from '../read-at.js';
import type { ColumnChunk, ParquetLeaf } from './footer.js';
import { type ChunkPages, isDictionaryCoded, type Page, packedBytes, pagesOf } from './pages.js';

/** How the pages of a column are decoded. */
export interface PageDecoder<Value, Entry> {
  /** Returns a value for each row. @throws FormatError if the page is damaged */
  readonly page: (
    page: Page,
    packed: Uint8Array,
    codec: string,
    leaf: ParquetLeaf,
    dictionary: readonly Entry[] | undefined,
  ) => readonly Value[];
  /** Returns the entries of a dictionary. @throws FormatError if it is damaged */
  readonly dictionary: (page: Page, packed: Uint8Array, codec: string, leaf: ParquetLeaf) => readonly Entry[];
}

const KEPT = 2; // pages: the decoders read ahead from one into the next
const MAX_KEPT_BYTES = 2 ** 28; // of these pages together, unless there is only one

/**
 * Reads the values of a column page by page. Memory holds two pages, which may be much less than a row group. A page is read whole and
 * has fewer than 2 GiB; some programs, such as fastparquet, write row groups of a single page.
 */
export class ColumnReader<Value, Entry> {
  readonly #decoder: PageDecoder<Value, Entry>;
  readonly #leaf: ParquetLeaf;
  readonly #chunks: readonly ColumnChunk[];
  readonly #groups = new Recent<ColumnChunk, ChunkPages>();
  readonly #dictionaries = new Recent<ColumnChunk, readonly Entry[]>();
  readonly #pages = new Recent<Page, readonly Value[]>();

  /** @param chunks of the column, in the order of their rows */
  constructor(decoder: PageDecoder<Value, Entry>, leaf: ParquetLeaf, chunks: readonly ColumnChunk[]) {
    this.#decoder = decoder;
    this.#leaf = leaf;
    this.#chunks = chunks;
  }

  /** The definition level of a null in a struct that is not null. */
  get outer(): number {
    return this.#leaf.outer;
  }

  /**
   * Returns the value of a row.
   *
   * @throws FormatError if it cannot be read
   * @throws what `read` throws
   */
  async value(read: ReadAt, row: number): Promise<Value> {
    const chunk = lastBefore(this.#chunks, row);
    if (chunk === undefined || row >= chunk.first + chunk.rows)
      throw new FormatError(`there is no row ${row}`);
    if (chunk.failure !== undefined) throw new FormatError(chunk.failure);
    const pages = await this.#groups.get(chunk, 0, () => pagesOf(read, chunk));
    const page = lastBefore(pages.data, row - chunk.first);
    if (page === undefined) throw new FormatError(`there is no row ${row}`);
    const rows = await this.#pages.get(page, page.size, async () => {
      const dictionary = isDictionaryCoded(page.encoding)
        ? await this.#dictionary(read, chunk, pages)
        : undefined;
      return this.#decoder.page(page, await packedBytes(read, page), chunk.codec, this.#leaf, dictionary);
    });
    return rows[row - chunk.first - page.first] as Value;
  }

  async #dictionary(read: ReadAt, chunk: ColumnChunk, { dictionary }: ChunkPages) {
    if (dictionary === undefined) return undefined;
    return this.#dictionaries.get(chunk, dictionary.size, async () =>
      this.#decoder.dictionary(dictionary, await packedBytes(read, dictionary), chunk.codec, this.#leaf),
    );
  }
}

/** Returns the last element that begins at a row or before it. */
function lastBefore<T extends { readonly first: number }>(sorted: readonly T[], row: number): T | undefined {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] as T).first <= row) from = middle + 1;
    else to = middle;
  }
  return sorted[from - 1];
}

/** A cache of what was read last. Requests for something that is being read wait for that reading. */
class Recent<Key, Value> {
  readonly #entries = new Map<Key, { readonly size: number; readonly value: Promise<Value> }>();

  get(key: Key, size: number, make: () => Promise<Value>): Promise<Value> {
    const known = this.#entries.get(key);
    this.#entries.delete(key); // to the end
    const entry = known ?? { size, value: make() };
    this.#entries.set(key, entry);
    if (known === undefined) {
      entry.value.catch((error: unknown) => {
        if (!(error instanceof FormatError)) this.#entries.delete(key); // it may be read another time
      });
      this.#forget();
    }
    return entry.value;
  }

  #forget(): void {
    let total = [...this.#entries.values()].reduce((sum, { size }) => sum + size, 0);
    for (const [key, { size }] of this.#entries) {
      if (this.#entries.size <= 1 || (this.#entries.size <= KEPT && total <= MAX_KEPT_BYTES)) return;
      this.#entries.delete(key);
      total -= size;
    }
  }
}
