/**
 * The non-blank entries of a UTF-8 list, each as soon as it has ended. LF and CRLF end an entry, or NUL where the first
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
    yield* entries.map((entry) => withoutReturn(entry, end)).filter(isNotBlank);
  }
  yield* [withoutReturn(rest + decoder.decode(), end)].filter(isNotBlank);
}

function withoutReturn(entry: string, end: string | undefined): string {
  return end !== '\0' && entry.endsWith('\r') ? entry.slice(0, -1) : entry;
}

function isNotBlank(entry: string): boolean {
  return entry.trim() !== '';
}
