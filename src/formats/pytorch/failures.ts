import { FormatError } from '../../errors.js';

const LONGEST_QUOTE = 120;

/** A fault in a value or a file; the caller that knows its location turns it into an error. */
export type Fail = (problem: string) => FormatError;

/** A file that is damaged, or not what its first bytes indicate. */
export function broken(where: string, problem: string, cause?: unknown): FormatError {
  return new FormatError(`${where}: ${problem}`, {
    hint: 'Download or copy the checkpoint again. If that does not help, PyTorch did not write it.',
    cause,
  });
}

const SAVE_WEIGHTS =
  "Where you trust the file, load it with PyTorch and save the weights alone: torch.save(model.state_dict(), 'weights.pth').";

/** An intact file that holds something other than weights that halonet reads. */
export function unsuitable(where: string, problem: string, hint = SAVE_WEIGHTS): FormatError {
  return new FormatError(`${where}: ${problem}`, { hint });
}

/** Formats text from the file for an error message: one line of printable ASCII, safe for terminals. */
export function quote(text: string): string {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
  return JSON.stringify(shown).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
