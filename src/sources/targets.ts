import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isAddress, shownAddress } from '../address.js';
import { Mounts } from './mounts.js';
import type { FoundPath } from './path.js';

const REMEMBERED = 1024; // folders

/**
 * Resolves paths to targets, which identify a file however its path is spelled: absolute, without symbolic links, and the same
 * through every bind mount. The target of an address is the address, as it is shown.
 */
export class Targets {
  readonly #mounts: Mounts;
  readonly #folders = new Map<string, Promise<string>>(); // their targets, by the path as given

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

  /** Returns the target of an input by what was found at it. */
  ofFound(path: string, found: FoundPath): Promise<string> {
    return found.kind === 'file' && found.isLink ? this.ofLink(path) : this.ofEntry(path);
  }

  /** Returns the target of a path that is, or may be, a symbolic link. */
  async ofLink(path: string): Promise<string> {
    if (isAddress(path)) return shownAddress(path);
    const real = await realpath(path).catch(() => undefined);
    return real === undefined ? this.ofEntry(path) : this.ofReal(real);
  }

  /** Returns the target of a path that is not a symbolic link itself, though its folder may be. The path need not exist. */
  async ofEntry(path: string): Promise<string> {
    if (isAddress(path)) return shownAddress(path);
    return join(await this.#ofFolder(dirname(path)), basename(path));
  }

  /** Returns the target of a folder, cached because the images of a list usually lie in few folders. */
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
