import { InputError } from '../errors.js';
import type { ParquetColumn } from '../formats/parquet/footer.js';

/** A Parquet file in which it is not clear which column has the images. */
export class ImageColumnError extends InputError {
  override readonly name = 'InputError';
  readonly reason: string; // follows the name of the file: has several columns…

  constructor(reason: string, hint: string) {
    super(`it ${reason}`, { hint });
    this.reason = reason;
  }
}

/** A column that holds images. */
export interface ImageColumn extends ParquetColumn {
  readonly image: NonNullable<ParquetColumn['image']>;
}

const EXPECTED = 'expected a binary column, or a struct of bytes and path as in the datasets of Hugging Face';

/**
 * Returns the column that is asked for, or the only one that may hold images.
 *
 * @throws ImageColumnError if there is none, or more than one
 */
export function imageColumnOf(columns: readonly ParquetColumn[], wanted: string | undefined): ImageColumn {
  const candidates = columns.filter((column): column is ImageColumn => column.image !== undefined);
  if (wanted !== undefined) {
    const found = columns.find(({ name }) => name === wanted);
    if (found === undefined) {
      throw new ImageColumnError(
        `has no column ${JSON.stringify(wanted)}; its columns are ${listed(columns)}`,
        'Pass one of them to --image-column.',
      );
    }
    const { image } = found;
    if (image !== undefined) return { ...found, image };
    throw new ImageColumnError(
      `has no images in its column ${listed([found])}; ${EXPECTED}`,
      candidates.length === 0
        ? 'Check what the file holds.'
        : `Columns that may hold images: ${listed(candidates)}`,
    );
  }
  const [only, ...others] = candidates;
  if (only === undefined) {
    throw new ImageColumnError(
      `has no column of images; ${EXPECTED}, and found ${listed(columns)}`,
      'Images in other columns, such as lists or base64 text, have to be extracted first.',
    );
  }
  if (others.length === 0) return only;
  throw new ImageColumnError(
    `has ${candidates.length} columns that may hold images: ${listed(candidates)}`,
    'Choose one with --image-column NAME.',
  );
}

const SHOWN = 20; // columns

function listed(columns: readonly ParquetColumn[]): string {
  if (columns.length === 0) return 'none';
  const shown = columns.slice(0, SHOWN).map(({ name, type }) => `${JSON.stringify(name)} (${type})`);
  const rest = columns.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}
