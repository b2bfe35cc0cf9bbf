import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';

/** What a call asks the file system to do. */
export type CallKind =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close'
  | 'rename'
  | 'remove'
  | 'mkdir'
  | 'look'; // stat, access, readdir, …

/** A call to Node's file system functions on a path under the watched folder. */
export interface FsCall {
  readonly kind: CallKind;
  readonly name: string; // Node's: rename, writeSync, …
  readonly path: string; // absolute
  readonly args: readonly unknown[];
}

/** What happens to a call; undefined leaves it alone. */
export interface Verdict {
  readonly error?: Error; // thrown in its place; a `close` still closes
  readonly short?: boolean; // a `write` of bytes writes half of them, at least one
  readonly after?: () => void; // called once it is done, before its caller gets the result
}

export type Judge = (call: FsCall) => Verdict | undefined;

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Members = Record<string, AnyFunction | undefined>;

const BY_PATH: Readonly<Record<string, CallKind>> = {
  open: 'open',
  opendir: 'look',
  stat: 'look',
  lstat: 'look',
  access: 'look',
  readdir: 'look',
  realpath: 'look',
  statfs: 'look',
  readFile: 'read',
  writeFile: 'write',
  appendFile: 'write',
  truncate: 'truncate',
  rename: 'rename',
  rm: 'remove',
  unlink: 'remove',
  rmdir: 'remove',
  mkdir: 'mkdir',
  utimes: 'write',
};

// The first path is the existing one; the second decides whether the call is watched.
const BY_SECOND_PATH: Readonly<Record<string, CallKind>> = {
  link: 'rename',
  symlink: 'rename',
  copyFile: 'write',
};

const BY_DESCRIPTOR: Readonly<Record<string, CallKind>> = {
  read: 'read',
  readv: 'read',
  write: 'write',
  writev: 'write',
  fsync: 'sync',
  fdatasync: 'sync',
  ftruncate: 'truncate',
  close: 'close',
  fstat: 'look',
};

const BY_HANDLE: Readonly<Record<string, CallKind>> = {
  read: 'read',
  readv: 'read',
  readFile: 'read',
  write: 'write',
  writev: 'write',
  writeFile: 'write',
  appendFile: 'write',
  sync: 'sync',
  datasync: 'sync',
  truncate: 'truncate',
  close: 'close',
  stat: 'look',
};

/**
 * Shows every call to node:fs and node:fs/promises on paths under a folder to a judge, which may fail it, shorten it or
 * end the process. Covers functions of all three styles and the methods of file handles. Not shown are the judge's own
 * calls, and calls that Node makes as part of another (`rm` of a whole folder, `writeFileSync`).
 *
 * @returns a function that restores everything
 */
export function watchFsCalls(folder: string, judge: Judge): () => void {
  const watcher = new Watcher(resolve(folder), judge);
  watcher.install();
  return () => watcher.restore();
}

class Watcher {
  readonly #folder: string;
  readonly #judge: Judge;
  readonly #paths = new Map<number, string>(); // of open descriptors under the folder
  #undo: (() => void)[] = [];
  #depth = 0; // nesting of calls within calls, or within the judge
  #active = true;

  constructor(folder: string, judge: Judge) {
    this.#folder = folder;
    this.#judge = judge;
  }

  install(): void {
    // Node's modules are patched by name, which their types do not allow.
    const callbacks = fs as unknown as Members;
    const promises = fs.promises as unknown as Members;
    for (const [name, kind] of Object.entries({ ...BY_PATH, ...BY_SECOND_PATH, ...BY_DESCRIPTOR })) {
      const place = (args: readonly unknown[]) => this.#placeOf(name, args);
      if (!(name in BY_DESCRIPTOR)) this.#replace(promises, name, kind, place, 'promise');
      this.#replace(callbacks, name, kind, place, 'callback');
      this.#replace(callbacks, `${name}Sync`, kind, place, 'sync');
    }
    syncBuiltinESMExports();
  }

  restore(): void {
    this.#active = false;
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
    syncBuiltinESMExports();
  }

  #placeOf(name: string, args: readonly unknown[]): string | undefined {
    const at = args[name in BY_SECOND_PATH ? 1 : 0];
    if (typeof at === 'number') return this.#paths.get(at);
    if (typeof at !== 'string') return undefined;
    const path = resolve(at);
    return path === this.#folder || path.startsWith(this.#folder + sep) ? path : undefined;
  }

  #replace(members: Members, name: string, kind: CallKind, place: Placed, style: Style): void {
    const original = members[name];
    if (original === undefined) return;
    members[name] = this.#watched(original, kind, place, style);
    this.#undo.push(() => {
      members[name] = original;
    });
  }

  #watched(original: AnyFunction, kind: CallKind, place: Placed, style: Style): AnyFunction {
    const watcher = this;
    const watched: AnyFunction = function (...args) {
      const path = watcher.#active && watcher.#depth === 0 ? place(args) : undefined;
      if (path === undefined) return original.apply(this, args);
      const call = { kind, name: original.name, path, args };
      const { error, short, after } = watcher.#aside(() => watcher.#judge(call)) ?? {};
      const act = (...given: readonly unknown[]) => original.apply(this, [...given]);
      const done = (result: unknown) => {
        watcher.#note(call, result);
        watcher.#aside(() => after?.());
      };
      const doIt = () => STYLES[style]({ act, args: short ? shortened(args) : args, done, kind, error });
      return style === 'sync' ? watcher.#aside(doIt) : doIt();
    };
    // Keeps the property that util.promisify looks for.
    return Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
  }

  /** Runs an action whose own calls are not watched. */
  #aside<T>(action: () => T): T {
    this.#depth++;
    try {
      return action();
    } finally {
      this.#depth--;
    }
  }

  /** Tracks open descriptors and handles. */
  #note({ kind, path, args }: FsCall, result: unknown): void {
    const [descriptor] = args;
    if (kind === 'close' && typeof descriptor === 'number') this.#paths.delete(descriptor);
    if (kind !== 'open') return;
    if (typeof result === 'number') this.#paths.set(result, path);
    else if (isHandle(result)) this.#watchHandle(result, path);
  }

  /** Patches the handle itself: `close` is its own member in Node 20, and other handles must not slow down. */
  #watchHandle(handle: FileHandle, path: string): void {
    const { fd } = handle;
    this.#paths.set(fd, path);
    const members = handle as unknown as Members;
    const place = (kind: CallKind) => () => {
      if (kind === 'close') this.#paths.delete(fd);
      return path;
    };
    for (const [name, kind] of Object.entries(BY_HANDLE)) {
      const original = members[name];
      if (original !== undefined) members[name] = this.#watched(original, kind, place(kind), 'promise');
    }
  }
}

const isHandle = (opened: unknown): opened is FileHandle =>
  opened !== null && typeof opened === 'object' && 'fd' in opened;

type Placed = (args: readonly unknown[]) => string | undefined; // undefined: outside the folder
type Style = keyof typeof STYLES;

interface Doing {
  readonly act: (...args: readonly unknown[]) => unknown;
  readonly args: readonly unknown[];
  readonly done: (result: unknown) => void;
  readonly kind: CallKind;
  readonly error: Error | undefined;
}

const STYLES = {
  async promise({ act, args, done, kind, error }: Doing): Promise<unknown> {
    if (error !== undefined && kind !== 'close') throw error;
    const result = await act(...args);
    if (error !== undefined) throw error;
    done(result);
    return result;
  },

  sync({ act, args, done, kind, error }: Doing): unknown {
    if (error !== undefined && kind !== 'close') throw error;
    const result = act(...args);
    if (error !== undefined) throw error;
    done(result);
    return result;
  },

  callback({ act, args, done, kind, error }: Doing): unknown {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return act(...args); // Node rejects it
    if (error !== undefined && kind !== 'close') return process.nextTick(callback, error);
    return act(...args.slice(0, -1), (failure: unknown, ...results: unknown[]) => {
      if (failure === null || failure === undefined) done(results[0]);
      callback(error ?? failure, ...results);
    });
  },
} as const;

/** Returns the arguments of a `write` of half the bytes. Those with text or several buffers are unchanged. */
function shortened(args: readonly unknown[]): readonly unknown[] {
  const at = args.findIndex((arg) => ArrayBuffer.isView(arg));
  const [bytes, second] = args.slice(at);
  if (!ArrayBuffer.isView(bytes)) return args;
  const options = second !== null && typeof second === 'object' ? second : undefined; // { offset, length, position }
  const { offset = 0, length } = (options ?? { offset: second, length: args[at + 2] }) as Partial<Span>;
  const half = Math.max(1, Math.floor((length ?? bytes.byteLength - offset) / 2));
  if (options !== undefined) return args.with(at + 1, { ...options, length: half });
  return [...args.slice(0, at + 1), offset, half, ...args.slice(at + 3)];
}

interface Span {
  readonly offset: number; // bytes
  readonly length: number;
}
