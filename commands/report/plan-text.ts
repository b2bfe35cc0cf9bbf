import { enumeration } from '../../src/alternatives.js';
import { bytesText } from '../../src/bytes-text.js';
import { counted, grouped } from '../../src/counted.js';
import { fileBytes, type JobPlan, totalBytes } from '../../src/job/dry-run.js';
import type { PlannedFile } from '../../src/runs/output-preview.js';
import { changesText } from '../../src/runs/plan.js';
import { skippedText } from '../../src/sources/skipped-files.js';
import { requestsText, sourcesText } from '../../src/sources/walk-counts.js';
import { duration } from './progress-line.js';
import { type Column, factsText, figure, shapeText, table } from './table.js';

/** Describes what a job would do, wrapped to the terminal width. */
export function planText(plan: JobPlan, width?: number): string {
  const { device, size, spaces, model } = plan;
  const files = skippedText(plan.inputs.skipped);
  const sources = sourcesText(plan.inputs.sources);
  const requests = requestsText(plan.inputs.sources);
  const skipped = device.skipped.map(({ name, reason }) => `${name}: ${reason}`);
  const lines: readonly (readonly [string, string])[] = [
    ['images', imagesText(plan)],
    ...(sources === undefined ? [] : [['sources', sources] as const]),
    ...(requests === undefined ? [] : [['requests', requests] as const]),
    ...(files === undefined ? [] : [['skipped', files] as const]),
    ['model', `${model}, at ${shapeText([size.height, size.width])}`],
    ['device', device.device.name + (skipped.length > 0 ? ` (${skipped.join('; ')})` : '')],
    [plan.outputs.length === 1 ? 'output' : 'outputs', outputText(plan)],
  ];
  if (plan.run.kind === 'done') return factsText(lines, width);
  const effort: typeof lines = [
    ...spaces.map((space) => ['disk', spaceText(space)] as const),
    ['time', timeText(plan)],
  ];
  return [
    factsText([...lines, ...effort], width),
    table(
      [...plan.files, { name: 'total', exact: plan.files.every(({ exact }) => exact) }],
      columns(plan),
      width,
    ),
  ].join('\n\n');
}

function imagesText({ inputs, list }: JobPlan): string {
  const { images, failures, rows } = inputs;
  const unreadable = rows - images;
  const codes = Object.entries(failures).map(([code, count]) => `${code} ${grouped(count)}`);
  const parts = [`${grouped(images)} found`];
  if (unreadable > 0)
    parts.push(
      `${grouped(unreadable)} ${unreadable === 1 ? 'input' : 'inputs'} unreadable (${codes.join(', ')})`,
    );
  if (list) return [...parts, 'those of the list on standard input unknown: it is not read'].join(', ');
  return rows === 0 ? 'none' : parts.join(', ');
}

function outputText({ outputs, run, replaces, rows, there, list }: JobPlan): string {
  const name = enumeration(outputs.map((output) => (output === '-' ? 'standard output' : output)));
  const isOne = outputs.length === 1;
  const done = there === undefined ? '' : grouped(there);
  const all = rows === undefined ? '' : ` of ${grouped(rows)}`;
  const same = list ? ', if the list is as it was' : '';
  switch (run.kind) {
    case 'refuse':
      return `${name}: cannot start (see the error below)`;
    case 'start':
      return `${name}: ${replaces ? `replaces ${isOne ? 'an existing output' : 'existing outputs'}` : 'new'}`;
    case 'done':
      return `${name} ${isOne ? 'is' : 'are'} complete (${counted(there ?? 0, 'row')})${same}: nothing to do`;
    case 'resume':
      return `${name}: continues after ${done}${all} rows${same}`;
    case 'reuse':
      if (run.changes === undefined) return `${name}: keeps the rows of unchanged inputs`;
      return `${name}: ${changesText(run.changes)}; keeps ${done}${all} rows`;
  }
}

function spaceText({ folder, needed, temporary = 0, free }: JobPlan['spaces'][number]): string {
  if (free === undefined) return `free space is unknown in ${folder}`;
  const room = `${bytesText(free)} free in ${folder}`;
  if (needed === undefined) return room;
  const freed = temporary > 0 ? ` (${bytesText(temporary)} only until the run completes)` : '';
  return `${bytesText(needed)} to write${freed}; ${needed > free ? 'does not fit in' : 'fits in'} the ${room}`;
}

function timeText({ trial, rows, there, run }: JobPlan): string {
  if (trial === undefined) return rows === 0 ? 'none' : 'unknown';
  const rate = trial.rows / trial.seconds;
  const measured = `${figure(rate)} images/s, measured on ${trial.rows}`;
  if (rows === undefined || (run.kind !== 'refuse' && there === undefined)) return measured;
  const seconds = (rows - (there ?? 0)) / rate;
  return `${seconds < 1 ? 'less than 1s' : `about ${duration(seconds)}`} at ${measured}`;
}

type Line = PlannedFile | { readonly name: 'total'; readonly exact: boolean };

const columns = ({ files, rows }: JobPlan): readonly Column<Line>[] => {
  const about = (line: Line, bytes: number | undefined) =>
    bytes === undefined ? 'unknown' : `${line.exact ? '' : '~ '}${grouped(bytes)}`;
  const rowBytes = files.reduce<number | undefined>(
    (sum, file) => (sum === undefined || file.rowBytes === undefined ? undefined : sum + file.rowBytes),
    0,
  );
  return [
    { title: 'file', cell: ({ name }) => name },
    {
      title: 'bytes/row',
      align: 'right',
      cell: (line) => {
        const bytes = 'rowBytes' in line ? line.rowBytes : rowBytes;
        return about(line, bytes && Math.round(bytes));
      },
    },
    {
      title: 'bytes',
      align: 'right',
      cell: (line) => about(line, 'rowBytes' in line ? fileBytes(line, rows) : totalBytes(files, rows)),
    },
  ];
};
