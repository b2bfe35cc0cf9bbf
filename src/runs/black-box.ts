import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';

const SLOT_BYTES = 4096 + 8; // a path of Linux, quoted; longer ones are cut
const LINE_FEED = 0x0a;

/**
 * Names the images that are being decoded, in a file that outlives the process: when a decoder takes the process down, that
 * is all there is to tell which one did. A slot for each image, blank when it is done. Nothing is forced to disk, which is
 * for crashes of the machine, and nothing here ends a run.
 */
export class BlackBox {
  readonly #path: string;
  #file: number | undefined;
  readonly #free: number[] = []; // slots
  readonly #suspects = new Map<string, number>(); // with their slots, until it is their turn
  #slots = 0;

  private constructor(path: string, file: number | undefined) {
    this.#path = path;
    this.#file = file;
  }

  /** @param suspects images that took an earlier process down, named until they have been decoded */
  static open(path: string, suspects: readonly string[] = []): BlackBox {
    const box = new BlackBox(path, opened(path));
    for (const image of new Set(suspects)) box.#suspects.set(image, box.#name(image, box.#slots++));
    return box;
  }

  /** Does something with an image, which is named meanwhile. */
  async around<T>(image: string, action: () => Promise<T>): Promise<T> {
    const slot = this.#suspects.get(image) ?? this.#name(image, this.#free.pop() ?? this.#slots++);
    this.#suspects.delete(image);
    try {
      return await action();
    } finally {
      this.#write(BLANK, slot);
      this.#free.push(slot);
    }
  }

  /** The run ends in order: removes the file, unless a suspect was not reached. */
  async close(): Promise<void> {
    if (this.#file === undefined) return;
    try {
      closeSync(this.#file);
    } catch {
      // What matters is that it is removed.
    }
    this.#file = undefined;
    if (this.#suspects.size === 0) await rm(this.#path, { force: true }).catch(() => {});
  }

  #name(image: string, slot: number): number {
    const text = Buffer.alloc(SLOT_BYTES, ' ');
    text.write(JSON.stringify(image));
    text[SLOT_BYTES - 1] = LINE_FEED;
    this.#write(text, slot);
    return slot;
  }

  #write(text: Uint8Array, slot: number): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, text, 0, text.byteLength, slot * SLOT_BYTES);
    } catch {
      // A full disk: the sink will say so.
    }
  }
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'w');
  } catch {
    return undefined;
  }
}

const BLANK = Buffer.from(' '); // over the quote that a path begins with

/** The images that were being decoded when a run died; none where it ended in order, or nothing can be read. */
export async function lastDecoded(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line.trimEnd()) as string];
    } catch {
      return []; // blank, or cut short
    }
  });
}
