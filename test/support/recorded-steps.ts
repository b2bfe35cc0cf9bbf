import { existsSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { type FsCall, watchFsCalls } from './fs-calls.js';

/** A recording of changes to the disk. */
export interface RecordedSteps {
  /** Returns the steps since the last call, in order; consecutive syncs are sorted. */
  readonly take: () => readonly string[];
  readonly last: () => string | undefined;
  readonly stop: () => void;
}

/**
 * Records changes to the disk under a folder, with relative paths: writes, renames, removals and new folders when they
 * start, syncs when they are done. Files that are already open are not recorded.
 */
export function recordSteps(folder: string): RecordedSteps {
  const steps: string[] = [];
  const nameOf = (path: string) => relative(folder, path).split(sep).join('/') || '.';
  const stop = watchFsCalls(folder, (call) => {
    if (call.kind === 'sync') return { after: () => void steps.push(`sync ${nameOf(call.path)}`) };
    const step = stepOf(call, nameOf);
    if (step !== undefined) steps.push(step);
    return undefined;
  });
  return { take: () => withSortedSyncs(steps.splice(0)), last: () => steps.at(-1), stop };
}

function stepOf({ kind, path, args }: FsCall, nameOf: (path: string) => string): string | undefined {
  if (kind === 'write' || kind === 'mkdir') return `${kind} ${nameOf(path)}`;
  if (kind === 'rename') return `rename ${nameOf(path)} to ${nameOf(String(args[1]))}`;
  return kind === 'remove' && existsSync(path) ? `remove ${nameOf(path)}` : undefined;
}

/** Consecutive syncs may run in parallel, so their order means nothing. */
function withSortedSyncs(steps: readonly string[]): readonly string[] {
  const isSync = (step: string | undefined) => step?.startsWith('sync ') ?? false;
  const groups: string[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (isSync(step) && isSync(last?.[0])) last?.push(step);
    else groups.push([step]);
  }
  return groups.flatMap((group) => group.toSorted());
}
