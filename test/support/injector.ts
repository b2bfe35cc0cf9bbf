import { constants } from 'node:os';
import type { CallKind, FsCall, Verdict } from './fs-calls.js';

/** A fault to inject into a file system call. */
export interface Fault {
  readonly kind: CallKind;
  readonly index: number; // among the calls of its kind, from 0
  readonly code: string; // of the error; 'short': a write writes half the bytes
  readonly lasting: boolean; // later calls of the kind fail too
}

type Failing = Pick<Fault, 'code' | 'lasting'>;

const once = (code: string): Failing => ({ code, lasting: false });
const lasting = (code: string): Failing => ({ code, lasting: true });

/** How calls of each kind fail on real disks. */
export const FAILINGS: Readonly<Record<CallKind, readonly Failing[]>> = {
  open: [once('EACCES'), once('EMFILE'), lasting('ENOSPC')],
  read: [once('EIO')],
  write: [lasting('ENOSPC'), once('EIO'), once('short')],
  sync: [once('EIO'), lasting('ENOSPC')],
  truncate: [once('EIO')],
  close: [once('EIO'), once('ENOSPC')], // as on network file systems
  rename: [once('EIO'), lasting('EACCES')],
  remove: [once('EIO'), lasting('EACCES')],
  mkdir: [once('EACCES'), lasting('ENOSPC')],
  look: [once('EIO')],
};

export const CALL_KINDS = Object.keys(FAILINGS) as readonly CallKind[];

export type CallCounts = Readonly<Partial<Record<CallKind, number>>>;

/** Counts calls, and fails one of them, or all from a given one on. */
export class Injector {
  readonly #fault: Fault | undefined;
  readonly #counts: Partial<Record<CallKind, number>> = {};
  readonly #failed: string[] = [];

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  get counts(): CallCounts {
    return this.#counts;
  }

  /** The calls that were failed, such as `rename /tmp/x/scores.csv`. */
  get failed(): readonly string[] {
    return this.#failed;
  }

  readonly judge = ({ kind, name, path }: FsCall): Verdict | undefined => {
    const index = this.#counts[kind] ?? 0;
    this.#counts[kind] = index + 1;
    const fault = this.#fault;
    if (fault?.kind !== kind || (fault.lasting ? index < fault.index : index !== fault.index))
      return undefined;
    this.#failed.push(`${name} ${path}`);
    return fault.code === 'short' ? { short: true } : { error: systemError(fault.code, name, path) };
  };
}

/** An error like Node's for a failed system call: `ENOSPC: injected, write '/tmp/x'`. */
function systemError(code: string, syscall: string, path: string): NodeJS.ErrnoException {
  const number = Object.entries(constants.errno).find(([name]) => name === code)?.[1];
  if (number === undefined) throw new Error(`no system error ${code}`);
  return Object.assign(new Error(`${code}: injected, ${syscall} '${path}'`), {
    code,
    errno: -number,
    syscall,
    path,
  });
}
