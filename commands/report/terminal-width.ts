const WIDTH = 80; // of a terminal that does not say
const LEAST = 40;

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The width of a terminal in characters, as `COLUMNS` or the terminal has it; undefined for what is none. */
export function terminalWidth(
  { isTTY, columns }: Stream,
  { COLUMNS }: Readonly<Record<string, string | undefined>> = process.env,
): number | undefined {
  const given = Number(COLUMNS);
  if (Number.isInteger(given) && given > 0) return Math.max(LEAST, given);
  return isTTY ? Math.max(LEAST, columns || WIDTH) : undefined;
}
