import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import { ColumnReader } from '../formats/parquet/column-reader.js';
import { readFooter } from '../formats/parquet/footer.js';
import { BYTES } from '../formats/parquet/values.js';
import { ImageRefusal } from '../refusal.js';
import type { ArchiveFile } from './archive-file.js';
import { imageColumnOf } from './parquet-column.js';

type BytesReader = ColumnReader<Uint8Array | number, Uint8Array>;

/** The metadata of a Parquet file, and the identity that the file had then. */
interface Known {
  readonly identity: FileIdentity;
  readonly column: string;
  readonly rows: number;
  readonly rowGroups: number;
  readonly bytes: BytesReader;
  readonly path: BytesReader | undefined;
}

/** The images of a Parquet file, one for each row. All items of the file share it and its cache of pages. */
export class ParquetTable {
  readonly #wanted: string | undefined;
  readonly column: string;
  readonly rows: number;
  readonly rowGroups: number;
  readonly pathColumn: string | undefined; // the name of the column that `path` returns; undefined if there is none
  #known: Known;
  #reading: { readonly identity: FileIdentity; readonly known: Promise<Known> } | undefined;

  private constructor(known: Known, wanted: string | undefined) {
    this.#known = known;
    this.#wanted = wanted;
    this.column = known.column;
    this.rows = known.rows;
    this.rowGroups = known.rowGroups;
    this.pathColumn = known.path && `${known.column}.path`;
  }

  /**
   * Reads the metadata of a Parquet file.
   *
   * @param wanted the column of the images; by default, the only one that may be
   * @throws FormatError if it is no Parquet file
   * @throws ImageColumnError if it is not clear which column has the images
   */
  static async open(file: ArchiveFile, wanted: string | undefined): Promise<ParquetTable> {
    return new ParquetTable(await know(file, wanted), wanted);
  }

  /**
   * Returns the bytes of an image, a view of the page that holds it.
   *
   * @throws ImageRefusal empty_file if the row has no image
   * @throws FormatError if the row cannot be read
   * @throws ImageColumnError if the file has changed, and has no such column any more
   */
  async image(file: ArchiveFile, row: number): Promise<Uint8Array> {
    const { bytes, path } = await this.#of(file);
    const value = await bytes.value(file.read, row);
    if (typeof value !== 'number') return value;
    const name = path === undefined || value < bytes.outer ? value : await path.value(file.read, row);
    if (typeof name === 'number' || name.byteLength === 0)
      throw new ImageRefusal('empty_file', 'the row has no image');
    throw new ImageRefusal('empty_file', 'the row has only the path of a file, and no image');
  }

  /**
   * Returns the path that stands beside an image in the datasets of Hugging Face; null if there is none.
   *
   * @throws FormatError if it cannot be read
   */
  async path(file: ArchiveFile, row: number): Promise<string | null> {
    const { path } = await this.#of(file);
    const value = await path?.value(file.read, row);
    return value instanceof Uint8Array ? new TextDecoder().decode(value) : null;
  }

  /** Reads the metadata again if the file has changed. */
  async #of(file: ArchiveFile): Promise<Known> {
    if (isSameIdentity(this.#known.identity, file.identity)) return this.#known;
    if (this.#reading === undefined || !isSameIdentity(this.#reading.identity, file.identity))
      this.#reading = { identity: file.identity, known: know(file, this.#wanted ?? this.column) };
    this.#known = await this.#reading.known;
    return this.#known;
  }
}

async function know(file: ArchiveFile, wanted: string | undefined): Promise<Known> {
  const { identity, read } = file;
  const { rows, columns, chunksOf } = await readFooter(read, identity.bytes);
  const { name, image } = imageColumnOf(columns, wanted);
  const readerOf = (leaf: typeof image.bytes) => new ColumnReader(BYTES, leaf, chunksOf(leaf));
  const path = image.path && readerOf(image.path);
  const rowGroups = chunksOf(image.bytes).length;
  return { identity, column: name, rows, rowGroups, bytes: readerOf(image.bytes), path };
}
