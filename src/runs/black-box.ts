import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';

const SLOT_BYTES = 4096 + 8; // a path of Linux, quoted; longer ones are cut
const LINE_FEED = 0x0a;

/**
 * Records the images being decoded in a file that outlives the process: when a decoder crashes the process, only this file
 * tells which image did it. Each image has a slot, blank once it is decoded. Nothing is synced, because the file need only
 * survive a crash of the process, not of the machine. Errors here never end a run.
 */
export class BlackBox {
  readonly #path: string;
  #file: number | undefined;
  readonly #free: number[] = []; // slots
  readonly #suspects = new Map<string, number>(); // to their slots, until they are decoded
  #slots = 0;

  private constructor(path: string, file: number | undefined) {
    this.#path = path;
    this.#file = file;
  }

  /** @param suspects images that crashed an earlier process; recorded until they have been decoded */
  static open(path: string, suspects: readonly string[] = []): BlackBox {
    const box = new BlackBox(path, openOrUndefined(path));
    for (const image of new Set(suspects)) box.#suspects.set(image, box.#name(image, box.#slots++));
    return box;
  }

  /** Runs an action on an image, recording the image for as long as it takes. */
  async record<T>(image: string, action: () => Promise<T>): Promise<T> {
    const slot = this.#suspects.get(image) ?? this.#name(image, this.#free.pop() ?? this.#slots++);
    this.#suspects.delete(image);
    try {
      return await action();
    } finally {
      this.#write(BLANK, slot);
      this.#free.push(slot);
    }
  }

  /** Ends the record of a run that did not crash: removes the file, unless a suspect was not reached. */
  async close(): Promise<void> {
    if (this.#file === undefined) return;
    try {
      closeSync(this.#file);
    } catch {
      // The file is removed anyway.
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
      // On a full disk, the sink reports it.
    }
  }
}

function openOrUndefined(path: string): number | undefined {
  try {
    return openSync(path, 'w');
  } catch {
    return undefined;
  }
}

const BLANK = Buffer.from(' '); // over the quote that a path begins with

/** Returns the images being decoded when a run crashed; none if it did not crash or the file cannot be read. */
export async function readSuspects(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line.trimEnd()) as string];
    } catch {
      return []; // blank, or cut short
    }
  });
}
