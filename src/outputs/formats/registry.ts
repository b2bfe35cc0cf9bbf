// src/outputs/formats/: output formats, one module each: CSV, JSONL, NPY, Parquet

import { csv } from './csv.js';
import type { Format } from './format.js';
import { jsonl } from './jsonl.js';
import type { FormatName } from './names.js';
import { npy } from './npy.js';
import { parquet } from './parquet.js';

/** The output formats, by name. */
export const FORMATS: Readonly<Record<FormatName, Format>> = { csv, npy, jsonl, parquet };
