const WIDTH = 80; // columns, if unknown
const LEAST = 40;

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the width of a terminal in characters, from `COLUMNS` or the terminal; undefined if the stream is no terminal. */
export function terminalWidth(stream: Stream, env: Environment = process.env): number | undefined {
  return stream.isTTY === true ? textWidth(stream, env) : undefined;
}

/** Returns the width for text that is wrapped on any stream. */
export function textWidth({ isTTY, columns }: Stream, { COLUMNS }: Environment = process.env): number {
  const given = Number(COLUMNS);
  const width = Number.isInteger(given) && given > 0 ? given : isTTY && columns;
  return Math.max(LEAST, width || WIDTH);
}
