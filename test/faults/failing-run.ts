import { mkdir } from 'node:fs/promises';
import { between, type Random } from '../../src/random.js';
import type { KillPlan } from '../support/fs-preload.js';
import { CALL_KINDS, FAILINGS, type Fault } from '../support/injector.js';
import type { JobCase } from '../support/job-cases.js';
import { asShell, type End, type Life, live, type Reference } from '../support/lives.js';
import { readOutputFiles, wrongAtTheEnd, wrongFinals } from '../support/output-files.js';

export interface FailingRun {
  readonly job: JobCase;
  readonly inputs: readonly string[];
  readonly reference: Reference;
  readonly folder: string; // new
  readonly kill: KillPlan | undefined; // of an earlier run: the fault hits the one that resumes it
  readonly fault: Fault;
}

export interface Failed {
  readonly calls: readonly string[]; // that failed; none if the run ended before them
  readonly wrong: readonly string[]; // empty unless something is wrong
}

/**
 * Makes a file system call of a run fail, checks its messages and the files it leaves, then repeats it with `--resume`,
 * which must end with the files of the uninterrupted run.
 */
export async function failRun({ job, inputs, reference, folder, kill, fault }: FailingRun): Promise<Failed> {
  await mkdir(folder);
  const common = { job, inputs, folder };
  const killed: Life[] = kill === undefined ? [] : [{ ...common, mode: 'new', kill }];
  for (const life of killed) await live(life);
  const failing: Life = { ...common, mode: kill === undefined ? 'new' : 'resume', fault };
  const end = await live(failing);
  const files = await readOutputFiles(folder);
  const wrong = [...wrongEnd(end, fault, reference), ...wrongFinals(files, reference.files)];
  if (end.code === reference.code) {
    const isThere = [...reference.files.finals.keys()].every((name) => files.finals.has(name));
    if (!isThere) wrong.push('ended well, and files are missing');
  }
  const resumed = await live({ ...common, mode: 'resume' });
  if (resumed.code !== reference.code) wrong.push(`--resume ended with ${resumed.code}: ${resumed.stderr}`);
  wrong.push(
    ...wrongAtTheEnd(await readOutputFiles(folder), reference.files).map((what) => `in the end ${what}`),
  );
  const story = [...killed, failing].map((life) => `    ${asShell(life)}`);
  const calls = end.report?.failed ?? [];
  return { calls, wrong: wrong.map((what) => [what, `  after ${calls[0]}`, ...story].join('\n')) };
}

/** One line states what failed, the next what to do about it, and a third what is kept. */
const ERROR_AND_HINT =
  /^error: [^\n]+\n {2}[^\n]+\n( {2}\d+ rows? (is|are) saved; to continue, repeat the command( with --resume( instead of --overwrite)?)?\.\n)?$/;

/** A run may survive a fault. Otherwise it reports an error in one line and a hint in another. */
function wrongEnd({ code, signal, stderr }: End, fault: Fault, reference: Reference): string[] {
  if (code === reference.code) return stderr === '' ? [] : [`ended well, and said ${stderr}`];
  if (code !== 2) return [`ended with ${signal ?? code}: ${stderr}`];
  if (fault.code === 'short') return [`a short write ended it: ${stderr}`];
  return ERROR_AND_HINT.test(stderr)
    ? []
    : [`expected one line of error and one of hint, received: ${stderr}`];
}

const LAST = 5; // calls of a kind: files are published at the end

/** Draws any kind of call and any way to fail; a third of the faults hit the first call, a third one of the last. */
export function drawFault(random: Random, { report }: Reference): Fault {
  const kinds = CALL_KINDS.filter((kind) => (report.counts[kind] ?? 0) > 0);
  const kind = kinds[Math.floor(random() * kinds.length)] ?? 'open';
  const failing = FAILINGS[kind][Math.floor(random() * FAILINGS[kind].length)] ?? {
    code: 'EIO',
    lasting: false,
  };
  const count = report.counts[kind] ?? 1;
  const by = random();
  if (by < 1 / 3) return { kind, index: 0, ...failing };
  const index = Math.floor(between(random, by < 2 / 3 ? 0 : Math.max(0, count - LAST), count));
  return { kind, index, ...failing };
}
