import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classifyLayout } from '../../src/outputs/classify-layout.js';
import { embedLayout } from '../../src/outputs/embed-layout.js';
import { featuresLayout } from '../../src/outputs/features-layout.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import type { Row } from '../../src/rows.js';
import { FAILURE, float32, startRun, writeAll } from '../outputs/scratch.js';
import { raw } from '../support/raw-format.js';

/** An output, and rows for it. */
export interface OutputCase {
  readonly name: string; // of the output
  readonly layout: OutputLayout;
  readonly rows: readonly Row[];
}

const PATHS = ['a.jpg', 'b, "b".png', 'line\nbreak.jpg', '', '=1+1.gif', 'ünï🦊.webp', 'g.svg'];
const BAD = [1, 5];

function rowsOf(outputs: (i: number) => Extract<Row, { status: 'ok' }>['outputs']): readonly Row[] {
  return PATHS.map((id, i) => {
    const file = i % 3 === 0 ? undefined : { bytes: 100 + i, modified: BigInt(i) };
    return BAD.includes(i)
      ? { status: 'failed', id, file, failure: { ...FAILURE, code: i === 1 ? 'timeout' : 'truncated' } }
      : { status: 'ok', id, file, outputs: outputs(i) };
  });
}

const stages = [
  { name: 'stage1', shape: [2, 1, 2] },
  { name: 'stage3', shape: [3] },
];

// An output of each arrangement, all with the same seven images; text of another format and with several lines per row;
// and a format that only the tests have.
export const TEXT: OutputCase = {
  name: 'classes.csv',
  layout: classifyLayout({ format: FORMATS.csv, scores: 'logits', labels: ['x', 'y, z'], topK: 2 }),
  rows: rowsOf((i) => ({ logits: float32([i, 1 / i]) })),
};

const LINES: OutputCase = {
  name: 'embeddings.jsonl',
  layout: embedLayout({ format: FORMATS.jsonl, dtype: 'float32', shape: [2] }),
  rows: rowsOf((i) => ({ embedding: float32([i, 1 / i]) })),
};

const POOLED: OutputCase = {
  name: 'pooled.csv',
  layout: featuresLayout({
    format: FORMATS.csv,
    dtype: 'float32',
    stages: [{ name: 'stage0', shape: [1] }, ...stages.slice(1)],
  }),
  rows: rowsOf((i) => ({ stage0: float32([i]), stage3: float32([i, i, i]) })),
};

export const MATRIX: OutputCase = {
  name: 'embeddings.npy',
  layout: embedLayout({ format: FORMATS.npy, dtype: 'float32', shape: [2] }),
  rows: rowsOf((i) => ({ embedding: float32([i, 1 / i]) })),
};

export const SCORES: OutputCase = {
  name: 'scores.npy',
  layout: classifyLayout({ format: FORMATS.npy, scores: 'logits', labels: ['x', 'y, z'] }),
  rows: TEXT.rows,
};

export const FOLDER: OutputCase = {
  name: 'pyramid',
  layout: featuresLayout({ format: FORMATS.npy, dtype: 'float32', stages }),
  rows: rowsOf((i) => ({ stage1: float32([i, i, i, i], [2, 1, 2]), stage3: float32([i, -i, 0]) })),
};

const RAW: OutputCase = {
  name: 'raw.f32',
  layout: embedLayout({ format: raw, dtype: 'float32', shape: [2] }),
  rows: MATRIX.rows,
};

export const OUTPUT_CASES: readonly OutputCase[] = [TEXT, LINES, POOLED, MATRIX, SCORES, FOLDER, RAW];

/** Returns the content of all files under a folder, by relative path; not that of manifests, which contain times. */
export async function filesIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (entry.isDirectory()) files[name] = 'a folder';
    else files[name] = name.endsWith('run.json') ? 'a manifest' : (await readFile(path)).toString('latin1');
  }
  return Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Returns the files that an uninterrupted run of a case writes. */
export async function referenceOf({
  name,
  layout,
  rows,
}: OutputCase): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'halonet-reference-'));
  try {
    await writeAll(await startRun(join(folder, name), layout), rows);
    return await filesIn(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
