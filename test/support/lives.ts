import { readFile, rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { mulberry32 } from '../../src/random.js';
import { ROOT, startHalonet } from './cli.js';
import type { FsReport, KillPlan } from './fs-preload.js';
import type { Fault } from './injector.js';
import type { JobCase } from './job-cases.js';
import { type OutputFiles, readOutputFiles } from './output-files.js';
import { losePower } from './power-loss.js';
import { withPlan } from './preloaded-cli.js';
import type { Unsynced } from './unsynced.js';

/** How the command is run. */
export type Mode = 'new' | 'resume' | 'sync' | 'overwrite' | 'retry';

/** One run of a case in a folder, which may be killed or made to fail. */
export interface Life {
  readonly job: JobCase;
  readonly inputs: readonly string[]; // the arguments that name the images
  readonly folder: string; // the working folder, where the output is written
  readonly mode: Mode;
  readonly kill?: KillPlan | undefined; // at a file system call under `folder`
  readonly powerLoss?: number | undefined; // the power fails at the kill: a seed for what is lost
  readonly fault?: Fault | undefined;
  readonly signals?: readonly TimedSignal[] | undefined; // sent from outside
}

export interface TimedSignal {
  readonly signal: NodeJS.Signals;
  readonly after: number; // milliseconds, from the start or the previous signal
}

/** How a life ended. */
export interface End {
  readonly code: number | null; // null if a signal ended it
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly milliseconds: number;
  readonly report: FsReport | undefined; // undefined if a signal ended it
}

function argsOf({ job, inputs, mode }: Life): readonly string[] {
  if (mode === 'retry') return ['retry', job.outputs.at(-1) ?? ''];
  return [...job.args, ...(mode === 'new' ? [] : [`--${mode}`]), ...inputs];
}

export async function live(life: Life): Promise<End> {
  const { folder, kill, powerLoss, fault, signals = [] } = life;
  const [report, attic, state] = ['report', 'attic', 'state'].map((name) => `${folder}.${name}`) as [
    string,
    string,
    string,
  ];
  for (const path of [report, attic, state]) await rm(path, { recursive: true, force: true });
  const unsynced = powerLoss === undefined ? undefined : { attic, state };
  const start = performance.now();
  const child = startHalonet(argsOf(life), {
    cwd: folder,
    env: withPlan({ folder, report, kill, fault, unsynced }),
  });
  child.stdin.end();
  child.stdout.resume();
  const closed = new Promise<Pick<End, 'code' | 'signal'>>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal }));
  });
  const ended = new AbortController();
  const sent = send(signals, (signal) => child.kill(signal), ended.signal);
  const stderr = await text(child.stderr);
  const end = await closed;
  const milliseconds = performance.now() - start;
  ended.abort();
  await sent;
  if (powerLoss !== undefined && end.signal === 'SIGKILL') {
    const forgotten = JSON.parse(await readFile(state, 'utf8')) as Unsynced;
    const random = mulberry32(powerLoss);
    await losePower(folder, attic, forgotten, { bytes: random, names: random });
  }
  return { ...end, stderr, milliseconds, report: await readReport(report) };
}

async function send(
  signals: readonly TimedSignal[],
  kill: (signal: NodeJS.Signals) => void,
  ended: AbortSignal,
) {
  for (const { signal, after } of signals) {
    await sleep(after, undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) return;
    kill(signal);
  }
}

async function readReport(path: string): Promise<FsReport | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as FsReport;
  } catch {
    return undefined;
  }
}

/** An uninterrupted run to compare others with. */
export interface Reference {
  readonly code: number; // 1: there are bad images
  readonly files: OutputFiles;
  readonly milliseconds: number;
  readonly report: FsReport;
}

/** @throws {Error} if the run fails */
export async function reference(job: JobCase, inputs: readonly string[], folder: string): Promise<Reference> {
  const { code, stderr, milliseconds, report } = await live({ job, inputs, folder, mode: 'new' });
  if (code !== 1 || report === undefined) throw new Error(`${job.name} ended with ${code}: ${stderr}`);
  const files = await readOutputFiles(folder);
  if (files.others.length > 0) throw new Error(`${job.name} left ${files.others.join(', ')} behind`);
  return { code, files, milliseconds, report };
}

/** Returns a command line to repeat a life by hand. */
export function asShell(life: Life): string {
  const { folder, kill, powerLoss, fault, signals } = life;
  const args = argsOf(life)
    .map((arg) => `'${arg}'`)
    .join(' ');
  return `cd ${folder} && ${ROOT}bin/halonet.cjs ${args} # ${JSON.stringify({ kill, powerLoss, fault, signals })}`;
}
