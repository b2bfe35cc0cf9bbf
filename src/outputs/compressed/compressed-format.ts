import { ARRANGEMENTS } from '../arrangement.js';
import type { Format, FormatPart } from '../formats/format.js';
import type { Compression } from './compression.js';

/** Returns whether a format writes text, which can be compressed. */
export const isCompressible = ({ embed }: Format): boolean => embed.arrangement.streams;

/** Returns a text format whose files are compressed: `csv.gz` for `csv`. */
export function compressedFormat(format: Format, compression: Compression): Format {
  return {
    name: format.name + compression.extension,
    title: `compressed ${format.title}`,
    extensions: format.extensions.map((extension) => extension + compression.extension),
    otherExtensions: format.otherExtensions.map((extension) => extension + compression.extension),
    classify: packed(format.classify),
    embed: packed(format.embed),
    features: packed(format.features),
    compression,
  };
}

const packed = <P extends Pick<FormatPart<never>, 'arrangement'>>(part: P): P => ({
  ...part,
  arrangement: ARRANGEMENTS.packed,
});
