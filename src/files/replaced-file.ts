import { rename, rm, writeFile } from 'node:fs/promises';
import { temporaryName } from './pending-file.js';

/**
 * A small file that is replaced again and again: a reader sees the earlier content or the later one, never a part. Nothing is
 * synced to disk, so that a power cut may leave an empty file.
 */
export class ReplacedFile {
  readonly #path: string;
  readonly #temporary: string;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = temporaryName(path);
  }

  /** One call at a time. @throws the file system's error */
  async replace(text: string): Promise<void> {
    try {
      await writeFile(this.#temporary, text);
      await rename(this.#temporary, this.#path);
    } catch (error) {
      await rm(this.#temporary, { force: true }).catch(() => {}); // the first error matters
      throw error;
    }
  }
}
