/** The values of --format. Kept out of the registry, because --help needs the names without the code of the formats. */
export const FORMAT_NAMES = ['csv', 'jsonl', 'npy', 'parquet'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];
