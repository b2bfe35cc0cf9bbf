/**
 * The entries of a UTF-8 list, each as soon as it has ended. LF and CRLF end an entry, or NUL where the first
 * chunk has one (`find -print0`). A character may be split between chunks; a byte order mark is dropped.
 */
export async function* readLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let end: '\n' | '\0' | undefined;
  let rest = '';
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    end ??= rest.includes('\0') ? '\0' : '\n';
    const entries = rest.split(end);
    rest = entries.pop() ?? '';
    yield* entries.flatMap((entry) => pathOf(entry, end));
  }
  yield* pathOf(rest + decoder.decode(), end);
}

/** The path in an entry; none in a blank line. Between NULs a blank may be a name. */
function pathOf(entry: string, end: string | undefined): readonly string[] {
  if (end === '\0') return entry === '' ? [] : [entry];
  const line = entry.endsWith('\r') ? entry.slice(0, -1) : entry;
  return line.trim() === '' ? [] : [line];
}
