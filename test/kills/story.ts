import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../src/random.js';
import type { JobCase } from '../support/job-cases.js';
import { asShell, type End, type Life, live, type Reference } from '../support/lives.js';
import {
  filesOfOutput,
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

/** What happened to one output until it was complete. */
export interface Story {
  readonly kills: readonly Kill[];
  readonly wrong: readonly string[]; // empty unless something is wrong; each with the lives so far as command lines
}

export interface Kill {
  readonly phase: Phase;
  readonly how: string; // SIGKILL, exit 143, power loss
}

const KILLED_AGAIN = 0.65; // of the lives after the first
const MOST_KILLS = 6; // of one story

/**
 * Starts a run, kills it at a random moment, resumes it, perhaps kills that too, and so on to the end. After each kill
 * and at the end, compares the published files with those of the uninterrupted run and of the earlier output.
 */
export async function tell({ beginning, folder, random }: StoryOptions): Promise<Story> {
  const { job, inputs, first, again, earlier, reference } = beginning;
  if (earlier === undefined) await mkdir(folder);
  else await cp(earlier.folder, folder, { recursive: true });
  const lives: Life[] = [];
  const kills: Kill[] = [];
  let mode = first;
  for (;;) {
    const killed = lives.length === 0 || (kills.length < MOST_KILLS && random() < KILLED_AGAIN);
    const moment = killed ? drawMoment(random, reference) : {};
    const life: Life = { job, inputs, folder, mode, ...moment };
    const hadBegun = await hasJournal(folder, job);
    lives.push(life);
    const end = await live(life);
    const files = await readOutputFiles(folder);
    const left = withoutTornLock(files, job, lives);
    if (mode === 'resume' && earlier !== undefined && !hadBegun && end.code === 2) {
      const wrong = wrongAtTheEnd(left, earlier.files); // it should resume a run that was killed before it started
      if (wrong.length > 0) return { kills, wrong: wrong.map((what) => told(what, lives)) };
      mode = first;
      continue;
    }
    const how = killedBy(end, life);
    const wrong = how === undefined ? wrongEnd(end, reference) : wrongAfterKill(job, files, beginning);
    if (how === undefined) wrong.push(...wrongAtTheEnd(left, reference.files));
    if (how === undefined || wrong.length > 0)
      return { kills, wrong: wrong.map((what) => told(what, lives)) };
    kills.push({ phase: await phaseOf(folder, job, files, earlier?.files), how });
    mode = again;
  }
}

function wrongAfterKill(
  { outputs }: JobCase,
  files: OutputFiles,
  { earlier, reference }: Beginning,
): string[] {
  if (earlier === undefined) return wrongFinals(files, reference.files);
  return outputs.flatMap((output) => {
    const [own, ...runs] = [files, reference.files, earlier.files].map((all) => filesOfOutput(all, output));
    return own === undefined ? [] : wrongBetween(output, own, runs);
  });
}

async function hasJournal(folder: string, { outputs: [output] }: JobCase): Promise<boolean> {
  const journal = await readFile(join(folder, `${output}.partial`, 'journal.jsonl'), 'utf8').catch(() => '');
  return journal.includes('\n');
}

/**
 * A power loss may leave the lock of a takeover, or of a takeover of that one, without the name of its process. Nobody can tell
 * whether that process is alive, so the file stays until the next takeover; it blocks nobody.
 */
function withoutTornLock(files: OutputFiles, { outputs }: JobCase, lives: readonly Life[]): OutputFiles {
  if (lives.every(({ powerLoss }) => powerLoss === undefined)) return files;
  const takeovers = outputs.flatMap((output) => [
    `${output}.lock.takeover`,
    `${output}.lock.takeover.takeover`,
  ]);
  return { ...files, others: files.others.filter((name) => !takeovers.includes(name)) };
}

const EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** How a run was killed; undefined if it ended by itself, whatever signals were sent. */
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
