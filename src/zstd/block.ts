/** The most bytes that a block decompresses to. */
export const LARGEST_BLOCK = 128 * 2 ** 10;

/** The types of blocks. https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1.2 */
export const BLOCK_TYPES = { raw: 0, rle: 1, compressed: 2 } as const;
