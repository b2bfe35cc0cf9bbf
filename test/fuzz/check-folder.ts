import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, askOneByOne, classifyFolder } from './classify.js';
import { agree, type Reading, readRow } from './rows.js';

// For an SVG that declares sides beyond the limits of libvips. GLib prints it, and nothing turns it off.
const GLIB =
  /^\(process:\d+\): GLib-GObject-CRITICAL \*\*: .* out of range for property '(width|height)' .*$/gm;

/** What is wrong with a file, or with the whole run if there is no name. */
export interface Problem {
  readonly name?: string;
  readonly what: string;
}

export interface Checked {
  readonly rows: ReadonlyMap<string, Reading>; // by name
  readonly problems: readonly Problem[];
  readonly peak: number; // bytes of memory, all decoders at work
  readonly ms: ReadonlyMap<string, number>; // of each file alone
}

/**
 * Classifies the files of a folder twice, all together into a file and one by one to standard output. Each file must
 * get its row, in order, and the two runs must agree.
 */
export async function checkFolder(folder: string): Promise<Checked> {
  const names = (await readdir(folder)).sort();
  const paths = names.map((name) => join(folder, name));
  const [together, apart] = await Promise.all([
    classifyFolder(folder, `${folder}.jsonl`),
    askOneByOne(paths),
  ]);
  const rows = new Map(names.map((name, i) => [name, readRow(together.lines[i], paths[i] ?? '')]));
  const problems: Problem[] = [];
  for (const [i, [name, row]] of [...rows].entries()) {
    problems.push(...differences(name, row, apart.answers[i]));
  }
  if (together.lines.length !== names.length) {
    problems.push({ what: `${together.lines.length} rows for ${names.length} files` });
  }
  const expected = [...rows.values()].every(({ status }) => status === 'ok') ? 0 : 1;
  if (together.code !== expected) {
    problems.push({ what: `${together.signal ?? `exit code ${together.code}`}; expected ${expected}` });
  }
  for (const run of [together, apart]) {
    const stderr = run.stderr.replaceAll(GLIB, '').trim();
    if (stderr !== '') problems.push({ what: `said on standard error: ${stderr.slice(0, 2000)}` });
  }
  return {
    rows,
    problems,
    peak: Math.max(together.peak, apart.peak),
    ms: new Map(names.map((name, i) => [name, apart.answers[i]?.ms ?? 0])),
  };
}

function differences(name: string, row: Reading, answer: Answer | undefined): readonly Problem[] {
  if (answer?.line === undefined) return [{ name, what: `by itself: ${answer?.end}` }];
  if (row.status === 'wrong') return [{ name, what: row.reason }];
  const alone = readRow(answer.line, answer.path);
  if (agree(row, alone)) return [];
  return [{ name, what: `among others ${JSON.stringify(row)}, by itself ${JSON.stringify(alone)}` }];
}
