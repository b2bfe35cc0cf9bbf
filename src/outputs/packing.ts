import type { GrowingRowFile } from './row-file.js';

/**
 * How the row files of a run become the files of its output, for formats that cannot be cut at any row. A run appends to its row
 * files; once they hold all rows, they are packed in blocks of consecutive rows, and a crash costs only the blocks since the last
 * checkpoint. The cut between blocks depends on the rows alone, so a run that was interrupted gives the same bytes.
 */
export interface Packing {
  /** Names the files of the output, given the base name of the output; those of a folder may be unknown before the rows are. */
  readonly names: (output: string) => readonly string[];
  /** At most how many bytes of the output each byte of the row files becomes, for the space that a run needs. */
  readonly growth: number;
  /**
   * Describes the files for a plan; left out if `names` and `growth` say enough.
   * @param textBytes bytes of a row in the text file, if known
   */
  readonly planned?: ((textBytes: number | undefined) => readonly PlannedFiles[]) | undefined;
  /** A block ends once it has this many rows, or this many bytes of text. */
  readonly block: { readonly rows: number; readonly textBytes: number };
  /**
   * Finds out from all rows what their packing depends on, such as the types of columns; left out if nothing does.
   * @returns JSON
   */
  readonly survey?: ((blocks: AsyncIterable<RowBlock>) => Promise<unknown>) | undefined;
  /**
   * Starts to pack, or continues.
   * @throws the file system's error
   */
  readonly open: (options: PackOptions) => Promise<Packer>;
  /**
   * Reads a packed output back as rows of its row files, in order.
   *
   * @param paths the files of the output, by name
   * @throws {FormatError} if it is damaged; ReadFailure, or the file system's error
   */
  readonly unpack: (paths: ReadonlyMap<string, string>) => AsyncIterable<UnpackedBlock>;
}

/** Files that an output will have. */
export interface PlannedFiles {
  readonly name: string; // a pattern for several
  readonly rowBytes: number | undefined; // undefined if unknown
}

export interface PackOptions {
  readonly folder: string; // an existing one, for the packed files
  readonly output: string; // base name of the output
  readonly rows: number; // of the output
  readonly survey: unknown; // as returned
  readonly steps: readonly unknown[]; // those of the blocks that are packed already, in order
}

/** Packs blocks, in order. Every method throws the file system's error. */
export interface Packer {
  /** Appends a block. @returns the step to continue after, as JSON: what is needed to go on, besides the steps before */
  pack(block: RowBlock): Promise<unknown>;
  /** Resolves when the blocks so far are on disk, with the entries of files below the folder; the folder itself is synced after. */
  sync(): Promise<void>;
  /** Completes the files, on disk. @returns their names, in the order of publishing: the output exists once the last one does */
  finish(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Consecutive rows of a run. */
export interface RowBlock {
  readonly first: number; // number of its first row, from 0
  readonly count: number; // rows
  readonly lengths: readonly number[]; // bytes of each row in the text file
  /** Reads these rows of a row file. */
  readonly read: (file: GrowingRowFile) => Promise<Uint8Array>;
}

/** Consecutive rows of a packed output. */
export interface UnpackedBlock {
  readonly bytes: ReadonlyMap<GrowingRowFile, Uint8Array>;
  /** Bytes of each row in the text file; left out if they are as they were before packing, and may then be cut anywhere. */
  readonly lengths?: readonly number[] | undefined;
}
