import type { Compression } from './compression.js';
import { gzip } from './gzip.js';
import { zstd } from './zstd.js';

/** The compressions of text. */
export const COMPRESSIONS: readonly Compression[] = [gzip, zstd];
