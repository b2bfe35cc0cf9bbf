// C0 and C1 control characters, among them the escape that starts terminal sequences; other line separators; and
// the marks that change text direction.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Escapes text from a file, a name or a server, so that a terminal shows it instead of interpreting it: `\x1b[2J`
 * for an escape sequence, `\u202e` for a mark that reverses the text after it.
 */
export function escapeControls(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT[character] ?? escapeOf(character, '\\x', 2));
}

/** Makes text {@link escapeControls}, keeping its line breaks, which are ours. */
export function escapeControlsInLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/**
 * Formats a value as JSON. The same characters become JSON escapes, which keeps the value intact.
 *
 * @param indent spaces a level; 0 for one line
 */
export function escapedJson(value: unknown, indent = 2): string {
  const json = JSON.stringify(value, undefined, indent);
  return json
    .split('\n')
    .map((line) => line.replace(INVISIBLE, (c) => escapeOf(c, '\\u', 4)))
    .join('\n');
}

function escapeOf(character: string, prefix: '\\x' | '\\u', digits: number): string {
  const code = character.charCodeAt(0);
  return code > 0xff ? `\\u${hex(code, 4)}` : prefix + hex(code, digits);
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');
