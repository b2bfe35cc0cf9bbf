import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HalonetError } from '../../src/errors.js';
import { compressed } from '../../src/outputs/compressed/compressed-text.js';
import { gzip } from '../../src/outputs/compressed/gzip.js';
import { zstd } from '../../src/outputs/compressed/zstd.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { classifyLayout, embedLayout, featuresLayout } from '../../src/outputs/index.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { watchFsCalls } from './fs-calls.js';
import { Injector } from './injector.js';
import { FEATURES, type MadeUpRun, madeUpRun, Stopped } from './made-up-run.js';
import { filesOfOutput, type OutputFiles, wrongFinals } from './output-files.js';
import { packingOf } from './packing-of.js';
import { raw } from './raw-format.js';

const SMALL = { rows: 2, textBytes: 1000 }; // blocks
const embedding = { shape: [FEATURES], dtype: 'float32' } as const;
const LAYOUTS = {
  'rows.csv': embedLayout({ format: FORMATS.csv, ...embedding }),
  'scores.npy': classifyLayout({ format: FORMATS.npy, scores: 'logits', labels: ['a', 'b', 'c, d'] }),
  pyramid: featuresLayout({
    format: FORMATS.npy,
    dtype: 'float32',
    stages: [1, 2].map((i) => ({ name: `stage${i}`, shape: [2, i, i] })),
  }),
  'rows.f32': embedLayout({ format: raw, ...embedding }),
  'rows.parquet': inSmallBlocks(embedLayout({ format: FORMATS.parquet, ...embedding })),
  tree: inSmallBlocks(
    featuresLayout({
      format: FORMATS.npy,
      dtype: 'float32',
      perImage: true,
      stages: [1, 2].map((i) => ({ name: `stage${i}`, shape: [2, i, i] })),
    }),
  ),
  'rows.csv.gz': compressed(embedLayout({ format: FORMATS.csv, ...embedding }), gzip, SMALL),
  'rows.jsonl.zst': compressed(embedLayout({ format: FORMATS.jsonl, ...embedding }), zstd, SMALL),
} satisfies Readonly<Record<string, OutputLayout>>;

/** Outputs by their paths in the folder of a test. */
export type Outputs = Readonly<Record<string, OutputLayout>>;

/**
 * What a run writes: an output of each arrangement, and one in a format that is not halonet's own; several of them, in one folder and
 * in several.
 */
export const OUTPUTS: readonly Outputs[] = [
  ...Object.entries(LAYOUTS).map(([name, layout]) => ({ [name]: layout })),
  { 'rows.csv': LAYOUTS['rows.csv'], 'scores.npy': LAYOUTS['scores.npy'] },
  {
    'maps/tree': LAYOUTS.tree,
    'rows.parquet': LAYOUTS['rows.parquet'],
    pyramid: LAYOUTS.pyramid,
    'rows/rows.csv.gz': LAYOUTS['rows.csv.gz'],
  },
];

export const nameOf = (outputs: Outputs) => Object.keys(outputs).join(', ');

/** Creates a folder, if need be, and the folders in it that outputs are in. */
export async function makeFolders(folder: string, outputs: Outputs): Promise<void> {
  for (const name of Object.keys(outputs)) await mkdir(dirname(join(folder, name)), { recursive: true });
}

/** Makes up a run to outputs in a folder. */
export const runIn = (folder: string, outputs: Outputs) => (run: Run) =>
  madeUpRun({
    ...run,
    outputs: Object.entries(outputs).map(([name, layout]) => ({ output: join(folder, name), layout })),
  });

/** Removes the locks of outputs: their process is gone in practice, but in a test it is this one. */
export async function removeLocks(folder: string, outputs: Outputs): Promise<void> {
  for (const name of Object.keys(outputs)) await rm(join(folder, `${name}.lock`), { force: true });
}

function inSmallBlocks(layout: OutputLayout): OutputLayout {
  return { ...layout, packing: { ...packingOf(layout), block: SMALL } };
}

const PATHS = ['a', 'b', 'bad', 'c', '=d, "d"', 'e', 'bad 2', 'f', 'g'];
const CHANGED = ['0', 'b', 'bad', 'c', 'new', 'e', 'bad 2', 'f'];

export type Run = Omit<MadeUpRun, 'outputs'>;
type Runs = (run: Run) => Promise<unknown>;

/** What a test attempts, and what it does after a failure. */
export interface Scenario {
  readonly name: string;
  readonly before?: (run: Runs, folder: string) => Promise<void>; // what happened to the run before
  readonly attempt: Run;
  readonly again: Run['mode']; // for the same run, after a fault
  readonly old?: Run; // the existing output
}

/** All rows, with no existing output. */
export const whole: Run = { mode: 'new', paths: PATHS };

async function stopped(run: Runs): Promise<void> {
  await assert.rejects(run({ ...whole, rows: 5 }), Stopped);
}

/** Completes a run whose files cannot get their final names. */
async function unnamed(run: Runs, folder: string): Promise<void> {
  const { judge } = new Injector({ kind: 'rename', index: 0, code: 'EACCES', lasting: true });
  const restore = watchFsCalls(folder, judge);
  await assert.rejects(run(whole), HalonetError).finally(restore);
}

/** What a run may find in place of its output, and do with it. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'a new run', attempt: whole, again: 'resume' },
  { name: 'a resumed run', before: stopped, attempt: { ...whole, mode: 'resume' }, again: 'resume' },
  {
    name: 'a run without its final names',
    before: unnamed,
    again: 'resume',
    attempt: { ...whole, mode: 'resume' },
  },
  {
    name: 'a run that reuses rows of an interrupted one',
    before: stopped,
    again: 'sync',
    attempt: { mode: 'sync', paths: CHANGED },
  },
  {
    name: 'a run that reuses rows of a finished one',
    old: whole,
    again: 'sync',
    attempt: { mode: 'sync', paths: CHANGED },
  },
  {
    name: 'a run that replaces another',
    old: { ...whole, salt: 1 },
    again: 'overwrite',
    attempt: { mode: 'overwrite', paths: CHANGED },
  },
];

/** Returns names of wrong files of each output, as `wrongOfOutput`. */
export function wrongUnderFinalNames(
  outputs: Outputs,
  files: OutputFiles,
  expected: OutputFiles,
  earlier: OutputFiles | undefined,
): readonly string[] {
  return Object.keys(outputs).flatMap((name) => {
    const own = (all: OutputFiles) => filesOfOutput(all, name);
    return wrongOfOutput(own(files), own(expected), earlier && own(earlier));
  });
}

/**
 * Returns names of wrong files. Files of an output under final names must all be of the run, or all of the earlier one. They may
 * be a mix of both only while no manifest vouches for them.
 */
function wrongOfOutput(
  files: OutputFiles,
  expected: OutputFiles,
  earlier: OutputFiles | undefined,
): readonly string[] {
  const found = wrongFinals(files, expected);
  if (found.length === 0 || earlier === undefined || wrongFinals(files, earlier).length === 0)
    return earlier === undefined ? found : [];
  const names = [...files.finals.keys()];
  const vouched = names.filter((name) => name.endsWith('.run.json'));
  const strange = names.filter((name) =>
    [expected, earlier].every(
      ({ finals }) => !finals.get(name)?.equals(files.finals.get(name) ?? Buffer.of()),
    ),
  );
  return [...vouched, ...strange];
}

/** Returns the names of files that a complete run has and that are missing. */
export function missingFrom(files: OutputFiles, expected: OutputFiles): readonly string[] {
  return [...expected.finals.keys()].filter((name) => !files.finals.has(name));
}
