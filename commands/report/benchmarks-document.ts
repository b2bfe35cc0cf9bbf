import { readFile } from 'node:fs/promises';
import { OutputError } from '../../src/errors.js';
import { findPlace } from '../../src/files/place.js';
import { type BenchmarkRun, RUN_FORMAT } from './benchmark-run.js';
import { factsOf, sectionsOf } from './benchmark-text.js';
import { markdownTable } from './table.js';

const PREAMBLE = `# Benchmarks

Written by \`halonet benchmark --output\`, all of it: edits do not last. Everything in a section comes from one run, in which
all measurements took turns; figures are medians. Compare within a section: machines, and hours on one machine, differ.
`;

// The document embeds the runs in hidden comments, so it can be regenerated from itself.
const DATA = /^<!-- halonet-benchmark (.*) -->$/gm;

/** Renders benchmarks as a Markdown document, one section each. */
export function renderDocument(runs: readonly BenchmarkRun[]): string {
  return [PREAMBLE, ...runs.map(renderRun)].join('\n');
}

function renderRun(run: BenchmarkRun): string {
  return [
    `## ${titleOf(run)}`,
    factsOf(run)
      .map((fact) => `- ${fact}`)
      .join('\n'),
    ...sectionsOf(run.report, markdownTable).map(({ title, body }) => `### ${title}\n\n${body}`),
    `<!-- halonet-benchmark ${compact(run)} -->\n`,
  ].join('\n\n');
}

/** Returns the title that identifies a benchmark. Random weights are left out: speed does not depend on them. */
const titleOf = ({ machine, report, quick }: BenchmarkRun): string => {
  const device = report.device === 'cpu' ? '' : `, ${report.device}`;
  return `${machine.name}${device}: ${report.model.architecture}${quick ? ', quick' : ''}`;
};

/** Returns JSON that cannot end an HTML comment, with only the significant digits. */
function compact(run: BenchmarkRun): string {
  const digits = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  return JSON.stringify(run, digits).replaceAll('>', '\\u003e');
}

/**
 * Parses the benchmarks of a document that {@link renderDocument} made.
 *
 * @param where its path, for errors
 * @throws OutputError if it is any other document
 */
export function parseDocument(text: string, where: string): readonly BenchmarkRun[] {
  const runs = [...text.matchAll(DATA)].map(([, json = '']) => JSON.parse(json) as BenchmarkRun);
  const sections = text.match(/^## /gm)?.length ?? 0;
  const known = runs.every(({ format }) => format === RUN_FORMAT);
  if (text.startsWith('# Benchmarks\n') && sections === runs.length && known) return runs;
  throw new OutputError(`${where} was not written by this version of halonet benchmark`, {
    hint: 'Name another file, or remove this one first.',
  });
}

/**
 * Reads a document as {@link parseDocument} does; returns no benchmarks if the file does not exist.
 *
 * @throws OutputError also if the file could not be rewritten
 */
export async function readDocument(path: string): Promise<readonly BenchmarkRun[]> {
  const place = await findPlace(path, true, ['.md']);
  if (place.kind !== 'file') {
    throw new OutputError(`--output ${path} is not a regular file, and a section of a document is written`, {
      hint: 'Name a file, such as BENCHMARKS.md. The report is printed anyway; --json prints it as JSON.',
    });
  }
  try {
    return parseDocument(await readFile(path, 'utf8'), path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === undefined) throw error;
    throw new OutputError(`${path} cannot be read (${message})`, { cause: error });
  }
}

/** Adds a run, replacing an earlier one with the same title. */
export function withRun(runs: readonly BenchmarkRun[], run: BenchmarkRun): readonly BenchmarkRun[] {
  const added = JSON.parse(compact(run)) as BenchmarkRun;
  const place = runs.findIndex((other) => titleOf(other) === titleOf(run));
  return place === -1 ? [...runs, added] : runs.with(place, added);
}
