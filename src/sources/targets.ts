import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Mounts } from './mounts.js';

const REMEMBERED = 1024; // folders

/**
 * Tells what paths lead to, so that the same file is known again however it is spelled: absolute, without symbolic links, and
 * the same through every bind mount.
 */
export class Targets {
  readonly #mounts: Mounts;
  readonly #folders = new Map<string, Promise<string>>(); // what they lead to, by the path as given

  private constructor(mounts: Mounts) {
    this.#mounts = mounts;
  }

  static async open(): Promise<Targets> {
    return new Targets(await Mounts.read());
  }

  /** @param real absolute, without symbolic links */
  ofReal(real: string): string {
    return this.#mounts.canonical(real);
  }

  /** What a path leads to that is a symbolic link, or may be one. */
  async ofLink(path: string): Promise<string> {
    const real = await realpath(path).catch(() => undefined);
    return real === undefined ? this.ofEntry(path) : this.ofReal(real);
  }

  /** What a path leads to that is no symbolic link itself; its folder may be one. There need be nothing at the path. */
  async ofEntry(path: string): Promise<string> {
    return join(await this.#ofFolder(dirname(path)), basename(path));
  }

  /** Remembered: the images of a list lie in few folders. */
  #ofFolder(path: string): Promise<string> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    if (this.#folders.size >= REMEMBERED) this.#folders.clear();
    const target = realpath(path)
      .catch(() => resolve(path))
      .then((real) => this.ofReal(real));
    this.#folders.set(path, target);
    return target;
  }
}
