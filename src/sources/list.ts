import { HalonetError } from '../errors.js';
import { systemReason } from '../system-reason.js';
import { EntryBytes, type ListEntry } from './list-entry.js';

export interface ListOptions {
  readonly nul?: boolean | undefined; // only NULs end the entries
  readonly name?: string | undefined; // of the list, for messages
}

const LF = 0x0a;
const NUL = 0x00;

// Little and big endian; no UTF-8 text begins with either.
const UTF16_MARKS = [Buffer.of(0xff, 0xfe), Buffer.of(0xfe, 0xff)];

/**
 * Yields the entries of a UTF-8 list on standard input, each as soon as it is complete. The first LF or NUL decides which of
 * the two ends every entry, so neither the size nor the timing of chunks matters, and no entry waits for the next. It drops a
 * CR before an LF, a byte order mark before the first line, blank lines, and empty entries between NULs. The last entry needs
 * no terminator.
 *
 * @throws {HalonetError} for a NUL in a list of lines, for UTF-16, and if nothing can be read at all
 * @throws what the stream throws after the first chunk
 */
export async function* readList(
  stream: AsyncIterable<Buffer | string>,
  options: Pick<ListOptions, 'nul'> = {},
): AsyncGenerator<ListEntry> {
  yield* entriesOf(chunksOf(stream), options);
}

/**
 * Yields the entries of a UTF-8 list, as `readList` does.
 *
 * @throws {HalonetError} for a NUL in a list of lines, and for UTF-16
 * @throws what the chunks throw
 */
export async function* entriesOf(
  chunks: AsyncIterable<Buffer>,
  { nul = false, name = 'the list on standard input' }: ListOptions = {},
): AsyncGenerator<ListEntry> {
  const splitter = new Splitter(nul ? NUL : undefined, name);
  for await (const chunk of chunks) yield* splitter.take(chunk);
  yield* splitter.takeLast();
}

/** Splits a list at the bytes that end its entries. */
class Splitter {
  readonly #entry = new EntryBytes();
  #end: number | undefined; // undefined until the first LF or NUL
  readonly #name: string;
  #ended = 0; // entries so far, empty ones included

  constructor(end: number | undefined, name: string) {
    this.#end = end;
    this.#name = name;
  }

  *take(chunk: Buffer): Generator<ListEntry> {
    this.#end ??= firstEnd(chunk);
    if (this.#end === undefined) {
      this.#entry.add(chunk);
      return;
    }
    const stray = this.#end === LF ? chunk.indexOf(NUL) : -1;
    const bytes = stray === -1 ? chunk : chunk.subarray(0, stray);
    let from = 0;
    for (let to = bytes.indexOf(this.#end); to !== -1; to = bytes.indexOf(this.#end, from)) {
      this.#entry.add(bytes.subarray(from, to));
      yield* this.#take();
      from = to + 1;
    }
    if (stray !== -1) throw nulInLine(this.#ended + 1, this.#name);
    this.#entry.add(bytes.subarray(from));
  }

  takeLast(): Generator<ListEntry> {
    return this.#take();
  }

  *#take(): Generator<ListEntry> {
    const isFirst = this.#ended++ === 0;
    if (isFirst && UTF16_MARKS.some((mark) => this.#entry.startsWith(mark))) throw inUtf16(this.#name);
    const entry = this.#end === NUL ? this.#entry.takeWhole() : this.#entry.takeLine(isFirst);
    if (entry !== undefined) yield entry;
  }
}

function firstEnd(bytes: Buffer): number | undefined {
  const [lf, nul] = [bytes.indexOf(LF), bytes.indexOf(NUL)];
  if (nul !== -1 && (lf === -1 || nul < lf)) return NUL;
  return lf === -1 ? undefined : LF;
}

async function* chunksOf(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let begun = false;
  try {
    for await (const chunk of stream) {
      begun = true;
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  } catch (cause) {
    throw begun ? cause : unreadable(cause);
  }
}

const nulInLine = (line: number, name: string) =>
  new HalonetError(`line ${line} of ${name} contains a NUL, which no path can contain`, {
    hint: 'If the paths end in NULs, as those of find -print0 do, pass --null.',
  });

const inUtf16 = (name: string) =>
  new HalonetError(`${name} is UTF-16; expected UTF-8`, {
    hint: 'Convert it first: iconv -f utf-16 -t utf-8',
  });

function unreadable(cause: unknown): HalonetError {
  return new HalonetError(
    `standard input cannot be read (${systemReason(cause)}); expected a list of paths`,
    {
      hint: "Pipe in a list of paths, for example from find photos -name '*.jpg'.",
      cause,
    },
  );
}
