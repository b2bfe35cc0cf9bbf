import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal } from '../../src/runs/journal.js';
import { startHalonet } from '../support/cli.js';
import type { Piece, Way } from './way.js';

const OUTPUT = 'x.npy';

/** The folders of a run. */
export interface Place {
  readonly images: string; // which paths are relative to
  readonly folder: string; // of the output
}

/** An input before the list: once it has its row, the list is being read. */
export const BEFORE_LIST = 'a.png';

// One image at a time, and a checkpoint after each.
const EMBED = [
  ...['embed', BEFORE_LIST, '-', '--model', 'demo', '--device', 'cpu', '--threads', '1', '--quiet'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0', '--resume'],
];

const PATIENCE = 120_000; // milliseconds, for rows that take one

/** How a run ended. */
export interface Delivered {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/**
 * Starts or resumes the command, and sends it the list.
 * @throws {Error} if complete entries do not get their rows while the list is open
 */
export async function deliver(
  { images, folder }: Place,
  { flags, pieces, signal }: Pick<Way, 'flags' | 'pieces' | 'signal'>,
): Promise<Delivered> {
  const kept = await rowsIn(folder);
  const child = startHalonet([...EMBED, ...flags, '--output', join(folder, OUTPUT)], { cwd: images });
  const ended = new AbortController();
  const closed = once(child, 'close').finally(() => ended.abort());
  const stderr = text(child.stderr);
  child.stdout.resume();
  child.stdin.on('error', () => {}); // it may end before it has read everything
  try {
    for (const piece of pieces) {
      await new Promise((resolve) => child.stdin.write(piece.bytes, resolve));
      // Paths that have their rows already produce nothing to wait for.
      if (piece.awaited && 1 + piece.rows > kept) await rowsOf(piece, folder, ended.signal);
      if (piece.stopped) child.kill('SIGSTOP');
      await sleep(piece.pause);
      if (piece.stopped) child.kill('SIGCONT');
    }
    if (signal === undefined) child.stdin.end();
    else child.kill(signal);
    const [code, by] = await closed;
    return { code, signal: by, stderr: await stderr };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Waits for the rows of complete entries, and for the one before them. */
async function rowsOf({ rows }: Piece, folder: string, ended: AbortSignal): Promise<void> {
  const start = performance.now();
  while (!ended.aborted) {
    const there = await rowsIn(folder);
    if (there >= 1 + rows) return;
    if (performance.now() - start > PATIENCE) throw new Error(`${there} rows; expected ${1 + rows}`);
    await sleep(5);
  }
}

/** The number of rows in the last checkpoint of the run in progress. */
async function rowsIn(folder: string): Promise<number> {
  const journal = join(folder, `${OUTPUT}.partial`, 'journal.jsonl');
  return (await readJournal(journal))?.checkpoint.rows ?? 0;
}
