import type { Budget } from './budget.js';

/**
 * The types of the chunks of a PNG, in their order, up to the last one that is in the file with its length and checksum. What
 * has no name of a chunk comes last, as ''. Each is one step.
 *
 * @throws BudgetSpent
 */
export function* pngChunks(file: Buffer, budget: Budget): Generator<string> {
  for (let at = 8; at + 12 <= file.byteLength; at += 12 + file.readUInt32BE(at)) {
    budget.spend();
    const type = file.toString('latin1', at + 4, at + 8);
    if (!/^[A-Za-z]{4}$/.test(type)) {
      yield '';
      return;
    }
    yield type;
  }
}
