import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checked, Problem } from './check-folder.js';

const MIB = 2 ** 20;
const SLOWEST = 8;

/** Summarises what was checked, for people to read. */
export class Report {
  private readonly counts = new Map<string, Map<string, number>>(); // by group, then by code
  private readonly times: { readonly name: string; readonly ms: number }[] = [];
  private peak = 0; // bytes

  add({ rows, peak, ms }: Checked, groupOf: (name: string) => string | undefined): void {
    this.peak = Math.max(this.peak, peak);
    for (const [name, row] of rows) {
      const group = groupOf(name);
      if (group === undefined) continue;
      const codes = this.counts.get(group) ?? new Map<string, number>();
      const code = row.status === 'failed' ? row.code : row.status;
      this.counts.set(group, codes.set(code, (codes.get(code) ?? 0) + 1));
      this.times.push({ name, ms: ms.get(name) ?? 0 });
    }
    this.times.sort((a, b) => b.ms - a.ms).splice(SLOWEST);
  }

  lines(): readonly string[] {
    const groups = [...this.counts].map(([group, codes]) => {
      const parts = [...codes].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
      const total = [...codes.values()].reduce((sum, count) => sum + count, 0);
      return `${group}: ${total} (${parts.join(', ')})`;
    });
    const slowest = this.times.map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(1)} s`);
    return [
      ...groups,
      `memory: ${Math.round(this.peak / MIB)} MiB at most`,
      `slowest: ${slowest.join(', ')}`,
    ];
  }
}

/** Keeps the files with problems, or the whole folder if they are unknown. @returns a description */
export async function keep(problems: readonly Problem[], folder: string, into: string): Promise<string> {
  await mkdir(into, { recursive: true });
  const names = new Set(problems.flatMap(({ name }) => name ?? []));
  if (names.size === 0) await cp(folder, into, { recursive: true });
  for (const name of names) await cp(join(folder, name), join(into, name));
  return `${problems.map(({ name, what }) => `${name ?? 'the run'}: ${what}`).join('\n')}\nkept in ${into}`;
}
