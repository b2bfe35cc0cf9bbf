/** Formats 22733280 as 22,733,280. */
export const grouped = (count: number): string => count.toLocaleString('en-US');

/** Formats a number of things: `1 row`, `1,920 rows`. */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;
}
