import { between, type Random } from '../../src/random.js';
import { pick } from '../fuzz/chance.js';
import { cutAtRandom } from '../support/cuts.js';
import type { Entry } from './listed.js';

/** How a list arrives through a pipe: all of it, or the part before a signal ends the run. */
export interface Way {
  readonly form: string; // in words
  readonly flags: readonly string[];
  readonly pieces: readonly Piece[];
  readonly signal: NodeJS.Signals | undefined; // after the pieces; if there is none, the list ends
}

/** A part of a list that is written in one go. */
export interface Piece {
  readonly bytes: Buffer;
  readonly rows: number; // of the entries that are complete once it has arrived
  readonly awaited: boolean; // whether to wait for these rows
  readonly pause: number; // milliseconds
  readonly stopped: boolean; // whether the command is stopped during the pause
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const;

/**
 * Draws the separator of entries, where to cut the list, and when to send its pieces.
 * @param isWhole whether to send the whole list
 */
export function drawWay(entries: readonly Entry[], random: Random, isWhole: boolean): Way {
  const end = pick(random, ['\n', '\r\n', '\0', '\0']);
  const flags = end === '\0' && random() < 0.3 ? ['--null'] : [];
  const mark = end !== '\0' && random() < 0.3 ? '\uFEFF' : '';
  const last = random() < 0.5 ? end : '';
  const list = listOf(entries, { mark, end, last });
  const sent = isWhole ? list : list.subarray(0, random() * list.byteLength);
  let bytesSoFar = 0;
  const pieces = cutAtRandom(sent, random).map((bytes) => {
    bytesSoFar += bytes.byteLength;
    return {
      bytes,
      rows: rowsWithin(bytesSoFar, entries, { mark, end }),
      awaited: random() < 0.7,
      pause: between(random, 0, 50),
      stopped: random() < 0.1,
    };
  });
  const form = JSON.stringify({ end, mark, last, flags: flags.join() });
  return { form, flags, pieces, signal: isWhole ? undefined : pick(random, SIGNALS) };
}

export function listOf(
  entries: readonly Entry[],
  { mark, end, last }: { readonly mark: string; readonly end: string; readonly last: string },
): Buffer {
  const parts = entries.flatMap(({ bytes }, i) => [bytes, Buffer.from(i < entries.length - 1 ? end : last)]);
  return Buffer.concat([Buffer.from(mark), ...parts]);
}

/** The number of rows of the entries that end within so many bytes. */
function rowsWithin(
  bytes: number,
  entries: readonly Entry[],
  { mark, end }: { readonly mark: string; readonly end: string },
): number {
  let [left, rows] = [bytes - Buffer.byteLength(mark), 0];
  for (const entry of entries) {
    left -= entry.bytes.byteLength + end.length;
    if (left < 0) break;
    rows += entry.paths.length;
  }
  return rows;
}
