import { escapeControls } from './escape-controls.js';
import { wrap } from './wrap.js';

/** A column of a table: its heading, and the cell of a row. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string;
  readonly align?: 'right'; // left if undefined
  readonly spare?: boolean; // dropped if the terminal is too narrow
}

const GAP = '  ';
const LEAST = 20; // characters; columns are never wrapped to less

/**
 * Formats rows as columns, each as wide as its widest cell, below a line of headings.
 *
 * @param width of the terminal; text in the last column wraps to it, and spare columns that do not fit are dropped.
 *   Without it, neither happens.
 */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], width = Infinity): string {
  const shown = fitting(rows, columns, width);
  const cells = cellsOf(rows, shown);
  const widths = widthsOf(cells);
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const last = shown.at(-1)?.align === 'right' || width - before < LEAST ? Infinity : width - before;
  const lines = cells.flatMap((line) => {
    const [first = '', ...more] = wrap(line.at(-1) ?? '', last);
    return [
      [...line.slice(0, -1), first]
        .map((text, i) =>
          shown[i]?.align === 'right' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0),
        )
        .join(GAP)
        .trimEnd(),
      ...more.map((text) => ' '.repeat(before) + text),
    ];
  });
  const hidden = columns.filter((column) => !shown.includes(column)).map(({ title }) => title);
  return [
    ...lines,
    ...(hidden.length > 0 ? ['', `not shown, since the terminal is too narrow: ${hidden.join(', ')}`] : []),
  ].join('\n');
}

/** Returns the columns that fit side by side, with as many spare ones as there is room for. */
function fitting<T>(rows: readonly T[], columns: readonly Column<T>[], width: number): readonly Column<T>[] {
  const widths = widthsOf(cellsOf(rows, columns));
  const last = widths.at(-1) ?? 0;
  const wrapped = columns.at(-1)?.align === 'right' ? 0 : Math.max(0, last - LEAST);
  const total = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length - wrapped);
  const spare = columns.findLast((column) => column.spare);
  if (total <= width || spare === undefined) return columns;
  return fitting(
    rows,
    columns.filter((column) => column !== spare),
    width,
  );
}

const cellsOf = <T>(rows: readonly T[], columns: readonly Column<T>[]) => [
  columns.map(({ title }) => title),
  ...rows.map((row) => columns.map(({ cell }) => escapeControls(cell(row)))),
];

const widthsOf = ([titles = [], ...lines]: readonly (readonly string[])[]) =>
  titles.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)));

/** Formats names and their descriptions in two columns, wrapped if a width is given. */
export function factsText(
  lines: readonly (readonly [name: string, value: string])[],
  width = Infinity,
): string {
  const indent = Math.max(...lines.map(([name]) => name.length)) + GAP.length;
  const room = width - indent < LEAST ? Infinity : width - indent;
  return lines
    .map(
      ([name, value]) =>
        name.padEnd(indent) + wrap(escapeControls(value), room).join(`\n${' '.repeat(indent)}`),
    )
    .join('\n');
}

/** Formats rows as a Markdown table. */
export function markdownTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map(({ cell }) => escapeControls(cell(row)).replaceAll('|', '\\|')))),
  ].join('\n');
}

/** Formats millions with one decimal: 22.7. */
export const millions = (count: number): string => (count / 1e6).toFixed(1);

/** Formats a shape as 64×128×128. */
export const shapeText = (shape: readonly number[]): string => shape.join('×');

/** Formats three significant digits; whole numbers from 100. */
export const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Formats 0.974 as 97%. */
export const percent = (part: number): string => `${(100 * part).toFixed(0)}%`;
