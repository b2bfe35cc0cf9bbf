import type { Budget } from './budget.js';

/**
 * Yields the types of the chunks of a PNG in order, up to the last one that is complete with length and checksum. An invalid
 * chunk name is yielded as '', and ends the list. Each chunk costs one step.
 *
 * @throws BudgetExceeded
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
