import { join } from 'node:path';
import { closeOnError } from '../files/close-on-error.js';
import { GrowingFile } from '../files/growing-file.js';
import type { Packer, PackOptions, RowBlock } from './packing.js';

/** Encodes the rows of a run as one file, block by block. */
export interface FileEncoder {
  /** Returns the bytes before the first block. */
  start(): Uint8Array;
  /**
   * Encodes the next block.
   * @returns its bytes in pieces, and what is needed to go on after it, as JSON
   */
  encode(block: RowBlock): Promise<{ readonly pieces: readonly Uint8Array[]; readonly state: unknown }>;
  /** Returns the bytes after the last block. */
  end(): Uint8Array;
}

/** A step of a file: what its encoder needs to go on, and where its block ends. */
interface FileStep {
  readonly end: number; // bytes
  readonly state: unknown;
}

/**
 * Opens a packer that writes one file with the name of the output.
 * @param encoder makes an encoder that goes on after the blocks whose states are given
 * @throws {OutputError} if the file of an interrupted attempt is damaged; the file system's error
 */
export async function openFilePacker(
  { folder, output, steps }: PackOptions,
  encoder: (states: readonly unknown[]) => FileEncoder,
): Promise<Packer> {
  const done = steps as readonly FileStep[];
  const encoding = encoder(done.map(({ state }) => state));
  const path = join(folder, output);
  const last = done.at(-1);
  const file =
    last === undefined ? await GrowingFile.createOver(path) : await GrowingFile.reopen(path, last.end);
  return closeOnError(file, async () => {
    if (last === undefined) await file.append(encoding.start());
    return {
      async pack(block) {
        const { pieces, state } = await encoding.encode(block);
        for (const piece of pieces) await file.append(piece);
        return { end: file.length, state } satisfies FileStep;
      },
      async sync() {
        await file.flush();
        await file.sync();
      },
      async finish() {
        await file.append(encoding.end());
        await file.flush();
        await file.sync();
        return [output];
      },
      close: () => file.close(),
    };
  });
}
