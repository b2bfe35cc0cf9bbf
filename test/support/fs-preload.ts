import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { type FsCall, type Judge, type Verdict, watchFsCalls } from './fs-calls.js';
import { type CallCounts, type Fault, Injector } from './injector.js';
import { UnsyncedTracker } from './unsynced.js';

/**
 * Preloaded into the command line (see preloaded-cli.ts) to kill it or inject a fault at a chosen file system call.
 * Calls are numbered from 0.
 */
export interface FsPlan {
  readonly folder: string; // calls on paths under it are counted
  readonly report: string; // where to write the counts at the end, as FsReport; outside `folder`
  readonly kill?: KillPlan | undefined;
  readonly fault?: Fault | undefined;
  /** For a power loss at the kill: writes what is not on disk to `state`, as Unsynced; see power-loss.ts. */
  readonly unsynced?: { readonly attic: string; readonly state: string } | undefined;
}

/** Ends the process at the call with this number, counting all kinds together. */
export interface KillPlan {
  readonly at: number;
  readonly when: 'before' | 'midway' | 'after';
  readonly signals: readonly ('SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP')[]; // sent immediately, in order
}

export interface FsReport {
  readonly calls: number;
  readonly counts: CallCounts; // by kind
  readonly bytesToRead: number; // by calls of `read`; they may have got fewer
  readonly failed: readonly string[]; // the calls that were failed, such as 'rename /tmp/x/scores.csv'
}

export const PLAN_VARIABLE = 'HALONET_TEST_FS_PLAN';

function follow({ folder, report, kill, fault, unsynced }: FsPlan): void {
  const injector = new Injector(fault);
  const tracker = unsynced && new UnsyncedTracker(unsynced.attic);
  let calls = 0;
  let bytesToRead = 0;
  const end = ({ signals }: KillPlan) => {
    if (tracker !== undefined) writeFileSync(unsynced?.state ?? '', JSON.stringify(tracker.state));
    for (const signal of signals) process.kill(process.pid, signal);
  };
  const judge: Judge = (call) => {
    bytesToRead += lengthOf(call);
    const done = tracker?.before(call);
    const verdict = calls++ === kill?.at ? endAt(call, kill.when, () => end(kill)) : injector.judge(call);
    const after = () => {
      done?.();
      verdict?.after?.();
    };
    return { ...verdict, after };
  };
  const restore = watchFsCalls(folder, judge);
  process.on('exit', () => {
    restore();
    const { counts, failed } = injector;
    writeFileSync(report, JSON.stringify({ calls, counts, bytesToRead, failed } satisfies FsReport));
  });
}

/** Returns how many bytes a call of `read` asks for: `read(buffer, offset, length)`, behind a descriptor or not. */
function lengthOf({ kind, args }: FsCall): number {
  const buffer = args.findIndex((arg) => ArrayBuffer.isView(arg));
  return kind === 'read' && buffer !== -1 ? Number(args[buffer + 2]) : 0;
}

/** Midway is after half of a write, or half of the removal of a folder. */
function endAt({ kind, name, path }: FsCall, when: KillPlan['when'], end: () => void): Verdict {
  const short = when === 'midway' && kind === 'write';
  if (when === 'after' || short) return { after: end, short };
  if (when === 'midway' && name === 'rm') removeSome(path);
  end();
  return {};
}

/** Removes half of the entries of a folder that is being removed. */
function removeSome(path: string): void {
  try {
    const names = readdirSync(path);
    for (const name of names.slice(0, Math.ceil(names.length / 2)))
      rmSync(join(path, name), { recursive: true });
  } catch {
    // a file, or missing
  }
}

const plan = process.env[PLAN_VARIABLE];
if (isMainThread && plan !== undefined) follow(JSON.parse(plan) as FsPlan);
