import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rethrowShortage } from '../shortage.js';

/** One line of /proc/self/mountinfo: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
interface Mount {
  readonly device: string; // major:minor of the file system
  readonly root: string; // the folder of the file system that is mounted
  readonly point: string; // where it is mounted
}

/** The mounted file systems, to detect that two absolute paths lead to the same file through a bind mount. */
export class Mounts {
  readonly #mounts: readonly Mount[];

  /** @param mountinfo '' if the system has none; then every path is its own canonical path */
  constructor(mountinfo: string) {
    this.#mounts = mountinfo.split('\n').flatMap(mountOf);
  }

  /**
   * Reads the current mounts; none except on Linux.
   * @throws ShortageError if too many files are open
   */
  static async read(): Promise<Mounts> {
    const none = (error: unknown) => {
      rethrowShortage(error);
      return '';
    };
    return new Mounts(await readFile('/proc/self/mountinfo', 'utf8').catch(none));
  }

  /**
   * Returns the same path for all paths that lead to a file through different mounts of its file system.
   * @param path absolute, without symbolic links
   */
  canonical(path: string): string {
    const mount = this.#holding(path);
    if (mount === undefined) return path;
    const inside = join(mount.root, rest(path, mount.point));
    const others = this.#mounts.filter(
      ({ device, root }) => device === mount.device && contains(root, inside),
    );
    const [widest = mount] = others
      .filter((other) => this.#holding(join(other.point, rest(inside, other.root))) === other)
      .sort((a, b) => a.root.length - b.root.length);
    return join(widest.point, rest(inside, widest.root));
  }

  /** Returns the mount that holds a path: the innermost, or of several at one point the last, which hides the others. */
  #holding(path: string): Mount | undefined {
    return this.#mounts.reduce<Mount | undefined>(
      (found, mount) =>
        contains(mount.point, path) && mount.point.length >= (found?.point.length ?? 0) ? mount : found,
      undefined,
    );
  }
}

function mountOf(line: string): readonly Mount[] {
  const [, , device, root, point] = line.split(' ').map(unescaped);
  return device === undefined || root === undefined || point === undefined ? [] : [{ device, root, point }];
}

/** Decodes spaces, tabs, line feeds and backslashes, which are escaped as three octal digits. */
const unescaped = (field: string) =>
  field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));

const contains = (folder: string, path: string) =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

const rest = (path: string, folder: string) => (folder === '/' ? path : path.slice(folder.length));
