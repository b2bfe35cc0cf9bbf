import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../src/random.js';
import type { JobCase } from '../support/job-cases.js';
import { asShell, type End, type Life, live, type Reference } from '../support/lives.js';
import {
  type OutputFiles,
  readOutputFiles,
  wrongAtTheEnd,
  wrongBetween,
  wrongFinals,
} from '../support/output-files.js';
import type { Beginning } from './beginning.js';
import { drawMoment } from './moment.js';
import { type Phase, phaseOf } from './phase.js';

export interface StoryOptions {
  readonly beginning: Beginning;
  readonly folder: string; // new
  readonly random: Random;
}

/** What one output went through until it was whole. */
export interface Story {
  readonly kills: readonly Kill[];
  readonly wrong: readonly string[]; // nothing may be; each with the lives so far as command lines
}

export interface Kill {
  readonly phase: Phase;
  readonly how: string; // SIGKILL, exit 143, power loss
}

const KILLED_AGAIN = 0.65; // of the lives after the first
const MOST_KILLS = 6; // of one story

/**
 * Starts a run, ends it at a random moment, goes on with it, perhaps ends that too, and so on to the end. What lies under final
 * names is compared with the uninterrupted run's, and with what stood there before, after each kill and at the end.
 */
export async function tell({ beginning, folder, random }: StoryOptions): Promise<Story> {
  const { job, images, first, again, earlier, reference } = beginning;
  if (earlier === undefined) await mkdir(folder);
  else await cp(earlier.folder, folder, { recursive: true });
  const lives: Life[] = [];
  const kills: Kill[] = [];
  let mode = first;
  for (;;) {
    const killed = lives.length === 0 || (kills.length < MOST_KILLS && random() < KILLED_AGAIN);
    const moment = killed ? drawMoment(random, reference) : {};
    const life: Life = { job, images, folder, mode, ...moment };
    const hadBegun = await hasJournal(folder, job.output);
    lives.push(life);
    const end = await live(life);
    const files = await readOutputFiles(folder, job.output);
    const left = withoutTornLock(files, job, lives);
    if (mode === 'resume' && earlier !== undefined && !hadBegun && end.code === 2) {
      const wrong = wrongAtTheEnd(left, earlier.files); // it was to go on with a run that was killed before it had begun
      if (wrong.length > 0) return { kills, wrong: wrong.map((what) => told(what, lives)) };
      mode = first;
      continue;
    }
    const how = killedBy(end, life);
    const wrong = how === undefined ? wrongEnd(end, reference) : wrongAfterKill(job, files, beginning);
    if (how === undefined) wrong.push(...wrongAtTheEnd(left, reference.files));
    if (how === undefined || wrong.length > 0)
      return { kills, wrong: wrong.map((what) => told(what, lives)) };
    kills.push({ phase: await phaseOf(folder, job.output, files, earlier?.files), how });
    mode = again;
  }
}

function wrongAfterKill(
  { output }: JobCase,
  files: OutputFiles,
  { earlier, reference }: Beginning,
): string[] {
  if (earlier === undefined) return wrongFinals(files, reference.files);
  return wrongBetween(output, files, [reference.files, earlier.files]);
}

async function hasJournal(folder: string, output: string): Promise<boolean> {
  const journal = await readFile(join(folder, `${output}.partial`, 'journal.jsonl'), 'utf8').catch(() => '');
  return journal.includes('\n');
}

/**
 * A loss of power may leave the lock of a takeover without the name of its process. Whether that still runs cannot be told, so
 * that the file stays until the next takeover; it keeps nobody out.
 */
function withoutTornLock(files: OutputFiles, { output }: JobCase, lives: readonly Life[]): OutputFiles {
  if (lives.every(({ powerLoss }) => powerLoss === undefined)) return files;
  return { ...files, others: files.others.filter((name) => name !== `${output}.lock.takeover`) };
}

const EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Undefined where the run came to its own end, whatever was sent to it. */
function killedBy({ code, signal }: End, { kill, powerLoss, signals = [] }: Life): string | undefined {
  const sent: readonly string[] = kill?.signals ?? signals.map((timed) => timed.signal);
  if (signal === 'SIGKILL' && powerLoss !== undefined) return 'power loss';
  if (signal !== null) return sent.includes(signal) ? signal : undefined;
  return sent.some((name) => EXIT_CODES[name] === code) ? `exit ${code}` : undefined;
}

function wrongEnd({ code, signal, stderr }: End, reference: Reference): string[] {
  if (code === reference.code) return [];
  return [`ended with ${signal ?? code} instead of ${reference.code}: ${stderr}`];
}

function told(what: string, lives: readonly Life[]): string {
  return [what, ...lives.map((life) => `    ${asShell(life)}`)].join('\n');
}
