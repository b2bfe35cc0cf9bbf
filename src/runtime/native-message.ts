/** Returns an ONNX Runtime message in one line, without locations in its source code. */
export function nativeMessage(text: string): string {
  const line = text.trim().split('\n').at(-1)?.trim() ?? '';
  return (
    line
      .replace(/^.*\bwas false\.\s*/, '')
      .replace(
        /Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /,
        '$2 ($1): ',
      )
      .replace(/\/\S+:\d+ [^()]*\([^()]*\)\s*/, '') || 'it failed without a word'
  );
}
