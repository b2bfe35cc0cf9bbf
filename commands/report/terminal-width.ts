const WIDTH = 80; // where nothing says
const LEAST = 40;

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The width of a terminal in characters, as `COLUMNS` or the terminal has it; undefined for what is none. */
export function terminalWidth(stream: Stream, env: Environment = process.env): number | undefined {
  return stream.isTTY === true ? textWidth(stream, env) : undefined;
}

/** The width for text that is wrapped wherever it goes. */
export function textWidth({ isTTY, columns }: Stream, { COLUMNS }: Environment = process.env): number {
  const given = Number(COLUMNS);
  const width = Number.isInteger(given) && given > 0 ? given : isTTY && columns;
  return Math.max(LEAST, width || WIDTH);
}
