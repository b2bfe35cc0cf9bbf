import { visible } from './visible.js';

/** One column of a table: its heading, and the cell of a row. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string;
  readonly align?: 'right'; // left when not given
}

const GAP = '  ';

/** Rows as text in columns, each as wide as its widest cell, below a line of headings. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => visible(cell(row)))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((text, i) =>
          columns[i]?.align === 'right' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0),
        )
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Names in one column, what they stand for in another. */
export function factsText(lines: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${visible(value)}`).join('\n');
}

/** Rows as a table of Markdown. */
export function markdownTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map(({ cell }) => visible(cell(row)).replaceAll('|', '\\|')))),
  ].join('\n');
}

/** 22733280 as 22,733,280. */
export const grouped = (count: number): string => count.toLocaleString('en-US');

/** Millions with one decimal: 22.7. */
export const millions = (count: number): string => (count / 1e6).toFixed(1);

/** 64×128×128. */
export const shapeText = (shape: readonly number[]): string => shape.join('×');

/** Three significant digits; whole numbers from 100. */
export const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** 0.974 as 97 %. */
export const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
