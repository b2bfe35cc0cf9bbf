import { FormatError } from '../../errors.js';

const LONGEST_QUOTE = 120;

/** What is wrong with a value or a file; whoever knows where it stands makes the error of it. */
export type Fail = (problem: string) => FormatError;

/** A file that is damaged, or not what its first bytes say. */
export function broken(where: string, problem: string, cause?: unknown): FormatError {
  return new FormatError(`${where}: ${problem}`, {
    hint: 'Get the checkpoint again; the file is damaged or PyTorch did not write it.',
    cause,
  });
}

const SAVE_WEIGHTS =
  "Where you trust the file, load it with PyTorch and save the weights alone: torch.save(model.state_dict(), 'weights.pth').";

/** A sound file that holds something other than weights that halonet reads. */
export function unsuitable(where: string, problem: string, hint = SAVE_WEIGHTS): FormatError {
  return new FormatError(`${where}: ${problem}`, { hint });
}

/** A text of the file for an error message: one line of printable ASCII, so that it cannot steer a terminal. */
export function quote(text: string): string {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
  return JSON.stringify(shown).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
