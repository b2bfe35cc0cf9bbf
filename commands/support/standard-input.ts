import { fstatSync } from 'node:fs';
import { HalonetError } from '../../src/errors.js';

const LIST = '-';
const STDIN = 0; // file descriptor

/**
 * Refuses standard input that cannot be read as one list of paths, before a model is loaded.
 *
 * @param null the value of --null
 * @throws {HalonetError} with what to do instead
 */
export function refuseList(inputs: readonly string[], { null: nul }: { readonly null: boolean }): void {
  const lists = inputs.filter((input) => input === LIST).length;
  if (lists === 0 && nul) {
    throw new HalonetError('--null is for a list of paths on standard input; - is not among the inputs', {
      hint: "Pass - as the input: find photos -name '*.jpg' -print0 | halonet classify - --null",
    });
  }
  if (lists > 1) {
    throw new HalonetError(`- is given ${lists} times; standard input can be read once`, {
      hint: 'Pass it once, where its paths belong among the inputs.',
    });
  }
  if (lists === 1 && isFolder(STDIN)) {
    throw new HalonetError('standard input is a folder; expected a list of paths', {
      hint: 'To read the images of a folder, name the folder instead of -.',
    });
  }
}

/** Detects a folder, which Node reads as an empty stream on standard input. */
function isFolder(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isDirectory();
  } catch {
    return false; // reading it will report the error
  }
}
