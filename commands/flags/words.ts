import { HalonetError } from '../../src/errors.js';

// A word: pieces without a space between them, each quoted in one of two ways, or not.
const WORD = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/gsu;
const PIECE = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gsu;

/**
 * Splits text into words as a shell does: at spaces outside quotes. A backslash outside single quotes stands for the character
 * after it.
 *
 * @throws {HalonetError} for a quote that is not closed
 */
export function wordsOf(text: string): readonly string[] {
  const rest = text.replace(WORD, '').trim();
  if (rest !== '') throw new HalonetError(`expected a closing quote in ${text.trim()}`);
  return (text.match(WORD) ?? []).map((word) =>
    word.replace(PIECE, (_, single, double, escaped, plain) =>
      double === undefined ? (single ?? escaped ?? plain) : double.replace(/\\(.)/gs, '$1'),
    ),
  );
}
