import fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { FsCall } from './fs-calls.js';

/** What a file system may lose when the power fails, as JSON. */
export interface Unsynced {
  readonly steps: readonly Step[]; // changes to folders, in order; the last ones may be lost
  readonly files: readonly UnsyncedFile[];
}

export type Step = { readonly path: string; readonly folder: number | undefined } & (
  | { readonly kind: 'create' }
  | {
      readonly kind: 'rename';
      readonly to: string;
      readonly inode: number;
      readonly kept: string | undefined;
    }
  | { readonly kind: 'remove'; readonly kept: string }
);

/** Bytes of a file that are not on disk. */
export interface UnsyncedFile {
  readonly inode: number;
  readonly size: number; // bytes that are on disk
  readonly replaced: readonly Piece[]; // what was overwritten in them: either version may be found
}

export interface Piece {
  readonly at: number; // bytes
  readonly bytes: string; // base64
}

interface Tracked {
  size: number;
  replaced: Piece[];
}

/**
 * Tracks what a process has not forced to disk, by rules that hold on every journalling file system: bytes are on disk
 * once the file is synced, names once their own folder is, and changes to folders are lost in reverse order.
 */
export class UnsyncedTracker {
  readonly #attic: string;
  readonly #files = new Map<number, Tracked>(); // by inode
  #steps: Step[] = [];
  #kept = 0;

  /** @param attic a folder on the same disk, outside the watched one, for links to what is removed */
  constructor(attic: string) {
    this.#attic = attic;
    fs.mkdirSync(attic, { recursive: true });
  }

  get state(): Unsynced {
    return { steps: this.#steps, files: [...this.#files].map(([inode, file]) => ({ inode, ...file })) };
  }

  /** Call this before each call, and what it returns after it. */
  before({ kind, name, path, args }: FsCall): (() => void) | undefined {
    if (kind === 'open') return this.#opens(path);
    if (kind === 'write')
      return fs.existsSync(path) ? this.#replaces(path, ...spanOf(args)) : this.#opens(path);
    if (kind === 'truncate') return this.#replaces(path, lengthOf(args), Number.POSITIVE_INFINITY);
    if (kind === 'sync') return this.#syncs(path);
    const folder = inodeOf(dirname(path));
    if (kind === 'mkdir' || name.startsWith('link'))
      return () => void this.#steps.push({ kind: 'create', path, folder });
    const [, to] = args;
    if (name.startsWith('rename') && typeof to === 'string') {
      const inode = inodeOf(path);
      if (inode !== undefined)
        this.#steps.push({
          kind: 'rename',
          path,
          folder: inodeOf(dirname(to)),
          to,
          inode,
          kept: this.#keep(to),
        });
    }
    if (kind === 'remove') {
      const kept = this.#keep(path);
      if (kept !== undefined) this.#steps.push({ kind: 'remove', path, folder, kept });
    }
    return undefined;
  }

  #opens(path: string): (() => void) | undefined {
    if (fs.existsSync(path)) return undefined;
    return () => {
      this.#steps.push({ kind: 'create', path, folder: inodeOf(dirname(path)) });
      const inode = inodeOf(path);
      if (inode !== undefined) this.#files.set(inode, { size: 0, replaced: [] });
    };
  }

  #fileAt(path: string): Tracked | undefined {
    const { ino, size } = fs.statSync(path, { throwIfNoEntry: false }) ?? {};
    if (ino === undefined || size === undefined) return undefined;
    const file = this.#files.get(ino) ?? { size, replaced: [] }; // earlier contents count as on disk
    this.#files.set(ino, file);
    return file;
  }

  /** Keeps the bytes on disk that are about to be overwritten or cut off. */
  #replaces(path: string, at: number, length: number): undefined {
    const file = this.#fileAt(path);
    if (file === undefined || at >= file.size) return;
    const bytes = fs.readFileSync(path).subarray(at, Math.min(at + length, file.size));
    file.replaced.push({ at, bytes: bytes.toString('base64') });
  }

  #syncs(path: string): (() => void) | undefined {
    const found = fs.statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return this.#syncsFolder(found.ino);
    const file = this.#fileAt(path);
    if (file === undefined || found === undefined) return undefined;
    const replaced = file.replaced.length;
    return () => {
      file.size = found.size;
      file.replaced.splice(0, replaced);
    };
  }

  /** Syncing puts its own names on disk and, if one was moved there, all changes before that move. */
  #syncsFolder(folder: number): () => void {
    const moved = this.#steps.findLastIndex((step) => step.kind === 'rename' && step.folder === folder);
    const forced = new Set(this.#steps.filter((step, i) => i <= moved || step.folder === folder));
    return () => {
      this.#steps = this.#steps.filter((step) => !forced.has(step));
    };
  }

  /** Keeps links to a file, or to the files of a folder. */
  #keep(path: string): string | undefined {
    const found = fs.lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    const kept = join(this.#attic, String(this.#kept++));
    link(path, kept, found.isDirectory());
    return kept;
  }
}

function link(from: string, to: string, isFolder: boolean): void {
  if (!isFolder) {
    fs.linkSync(from, to);
    return;
  }
  fs.mkdirSync(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    link(join(from, entry.name), join(to, entry.name), entry.isDirectory());
  }
}

function inodeOf(path: string): number | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.ino;
}

/** Returns where a write starts and its greatest length. Without a position, it appends. */
function spanOf(args: readonly unknown[]): [at: number, length: number] {
  const first = args.findIndex((arg) => ArrayBuffer.isView(arg));
  const bytes = args[first];
  if (!ArrayBuffer.isView(bytes)) return [Number.POSITIVE_INFINITY, 0];
  const [options] = args.slice(first + 1);
  const named =
    options !== null && typeof options === 'object' && 'position' in options ? options.position : undefined;
  const position = named ?? args[first + 3];
  return [typeof position === 'number' ? position : Number.POSITIVE_INFINITY, bytes.byteLength];
}

/** Returns the length of a `truncate`, whose first argument is a path, a descriptor or the length itself. */
function lengthOf(args: readonly unknown[]): number {
  const length = args.slice(0, 2).findLast((arg) => typeof arg === 'number');
  return typeof length === 'number' ? length : 0;
}
