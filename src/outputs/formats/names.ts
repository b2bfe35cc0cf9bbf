/** What --format takes. Apart from the registry, since --help needs the names and none of the formats' code. */
export const FORMAT_NAMES = ['csv', 'npy', 'jsonl'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];
