/**
 * The non-blank lines of a UTF-8 stream, each as soon as it has ended. LF and CRLF end a line; a character may be
 * split between chunks; a byte order mark is dropped.
 */
export async function* readLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.map(withoutReturn).filter(isNotBlank);
  }
  yield* [withoutReturn(rest + decoder.decode())].filter(isNotBlank);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function isNotBlank(line: string): boolean {
  return line.trim() !== '';
}
