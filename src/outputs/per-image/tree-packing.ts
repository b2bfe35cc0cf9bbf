// src/outputs/per-image/: one array per image and stage, in a folder that mirrors the paths of the images

import { dirname, join } from 'node:path';
import { FormatError } from '../../errors.js';
import { closeOnError } from '../../files/close-on-error.js';
import { GrowingFile } from '../../files/growing-file.js';
import { readChunks } from '../../files/read-chunks.js';
import { byteCount } from '../../tensor.js';
import { CHECKSUMS, INDEX } from '../arrangement.js';
import { splitLastCell, type TextStyle, withLastCell } from '../csv-line.js';
import { csvRecords } from '../csv-records.js';
import type { Packer, Packing, PackOptions, RowBlock, UnpackedBlock } from '../packing.js';
import type { GrowingRowFile, TextFile } from '../row-file.js';
import type { TensorSpec } from '../row-tensor.js';
import { nanRow } from '../tensor-rows.js';
import { type ArrayFile, ArrayFiles, arrayHeader, readArrays } from './array-files.js';
import { checksumLine } from './checksums.js';
import { arrayName, FileStems } from './file-stems.js';

/** The row files that a tree is packed from. */
export interface TreeRows {
  readonly index: TextFile;
  readonly style: TextStyle; // of the index
  readonly arrays: readonly { readonly tensor: TensorSpec; readonly file: GrowingRowFile }[];
}

const BLOCK_BYTES = 16 * 2 ** 20;
const BLOCK_ROWS = 1024;
const DIGEST = 80; // bytes of a line of checksums.txt besides a path
const NAMED = 400; // bytes: the paths of an array in checksums.txt, roughly
const STEM = 'stem'; // the last column of the index: the path of an image's arrays up to the name of the stage

/** How far a tree is packed. */
interface TreeStep {
  readonly index: number; // bytes of the index
  readonly checksums: number; // bytes of the checksums
}

/** Returns the packing of feature maps into one file per image and stage, an index and checksums. */
export function treePacking(rows: TreeRows): Packing {
  const { arrays } = rows;
  const rowBytes = arrays.reduce((sum, { tensor }) => sum + byteCount(tensor), 0);
  const fileBytes = arrays.reduce((sum, { tensor }) => sum + arrayHeader(tensor).byteLength + NAMED, 0);
  return {
    names: () => [INDEX, CHECKSUMS],
    growth: 1 + fileBytes / rowBytes,
    planned: (textBytes) => [
      ...arrays.map(({ tensor }) => ({
        name: arrayName('*', tensor.name),
        rowBytes: arrayHeader(tensor).byteLength + byteCount(tensor),
      })),
      { name: INDEX, rowBytes: textBytes && 2 * textBytes },
      { name: CHECKSUMS, rowBytes: textBytes && arrays.length * (DIGEST + textBytes) },
    ],
    block: {
      rows: Math.min(BLOCK_ROWS, Math.max(1, Math.floor(BLOCK_BYTES / rowBytes))),
      textBytes: BLOCK_BYTES,
    },
    open: (options) => openPacker(rows, options),
    unpack: (paths) => unpack(rows, paths.get(INDEX) ?? ''),
  };
}

async function openPacker(rows: TreeRows, { folder, steps }: PackOptions): Promise<Packer> {
  const last = steps.at(-1) as TreeStep | undefined;
  const index = await openAt(join(folder, INDEX), last?.index);
  return closeOnError(index, async () => {
    const checksums = await openAt(join(folder, CHECKSUMS), last?.checksums);
    return closeOnError(checksums, async () => {
      const stems = new FileStems();
      if (last === undefined) await index.append(indexHeader(rows));
      else
        for await (const { stem } of indexRows(rows, join(folder, INDEX))) if (stem !== '') stems.take(stem);
      return new TreePacker(rows, { index, checksums, arrays: new ArrayFiles(folder), stems });
    });
  });
}

const openAt = (path: string, length: number | undefined) =>
  length === undefined ? GrowingFile.createOver(path) : GrowingFile.reopen(path, length);

interface TreeFiles {
  readonly index: GrowingFile;
  readonly checksums: GrowingFile;
  readonly arrays: ArrayFiles;
  readonly stems: FileStems;
}

class TreePacker implements Packer {
  readonly #rows: TreeRows;
  readonly #files: TreeFiles;

  constructor(rows: TreeRows, files: TreeFiles) {
    this.#rows = rows;
    this.#files = files;
  }

  async pack(block: RowBlock): Promise<TreeStep> {
    const { index, checksums, arrays, stems } = this.#files;
    const lines = await this.#lines(block);
    const named = lines.map((line, i) => ({ line, stem: this.#stemOf(line, block.first + i, stems) }));
    for (const checksum of await arrays.write(
      await this.#arrays(
        block,
        named.map(({ stem }) => stem),
      ),
    ))
      await checksums.append(Buffer.from(checksumLine(checksum)));
    for (const { line, stem } of named)
      await index.append(Buffer.from(withLastCell(line, stem, this.#rows.style)));
    return { index: index.length, checksums: checksums.length };
  }

  async sync(): Promise<void> {
    const { index, checksums, arrays } = this.#files;
    for (const file of [index, checksums]) {
      await file.flush();
      await file.sync();
    }
    await arrays.sync();
  }

  async finish(): Promise<readonly string[]> {
    await this.sync();
    return [CHECKSUMS, INDEX];
  }

  async close(): Promise<void> {
    const { index, checksums } = this.#files;
    await closeOnError(checksums, () => index.close());
    await checksums.close();
  }

  async #lines({ lengths, read }: RowBlock): Promise<readonly string[]> {
    const text = Buffer.from(await read(this.#rows.index));
    let end = 0;
    return lengths.map((length) => {
      end += length;
      return text.toString('utf8', end - length, end);
    });
  }

  /** Returns where the arrays of a row go; '' for a failed one, which has none. */
  #stemOf(line: string, row: number, stems: FileStems): string {
    const { index, style } = this.#rows;
    if (splitLastCell(line, style).cell !== '') return ''; // the error
    const [name = { id: '' }] = index.rows.names(line);
    return stems.next(name.id, row);
  }

  /** Returns the arrays of rows, in the order of the rows. */
  async #arrays(block: RowBlock, stems: readonly string[]): Promise<readonly ArrayFile[]> {
    const columns = await Promise.all(
      this.#rows.arrays.map(async ({ tensor, file }) => ({ tensor, bytes: await block.read(file) })),
    );
    return stems.flatMap((stem, i) =>
      stem === ''
        ? []
        : columns.map(({ tensor, bytes }) => ({
            name: arrayName(stem, tensor.name),
            tensor,
            values: bytes.subarray(i * byteCount(tensor), (i + 1) * byteCount(tensor)),
          })),
    );
  }
}

const indexHeader = ({ index }: TreeRows): Uint8Array =>
  Buffer.from(withLastCell(Buffer.from(index.header).toString(), STEM, {}));

/** Yields the rows of a packed index: what the run wrote, and where their arrays are. */
async function* indexRows(
  rows: TreeRows,
  path: string,
): AsyncGenerator<{ readonly line: string; readonly stem: string }> {
  let isHeader = true;
  for await (const record of csvRecords(readChunks(path))) {
    if (isHeader && record !== indexHeader(rows).toString())
      throw new FormatError(`${INDEX} has other columns than its run wrote`);
    if (!isHeader) {
      const { rest, cell } = splitLastCell(record, rows.style);
      yield { line: rest, stem: cell };
    }
    isHeader = false;
  }
  if (isHeader) throw new FormatError(`${INDEX} is empty`);
}

async function* unpack(rows: TreeRows, path: string): AsyncGenerator<UnpackedBlock> {
  const limit = treePacking(rows).block.rows;
  let lines: string[] = [];
  let stems: string[] = [];
  for await (const { line, stem } of indexRows(rows, path)) {
    lines.push(line);
    stems.push(stem);
    if (lines.length < limit) continue;
    yield await unpackedRows(rows, dirname(path), lines, stems);
    [lines, stems] = [[], []];
  }
  if (lines.length > 0) yield await unpackedRows(rows, dirname(path), lines, stems);
}

async function unpackedRows(
  { index, arrays }: TreeRows,
  folder: string,
  lines: readonly string[],
  stems: readonly string[],
): Promise<UnpackedBlock> {
  const bytes = new Map<GrowingRowFile, Uint8Array>([[index, Buffer.from(lines.join(''))]]);
  for (const { tensor, file } of arrays) {
    const present = stems.filter((stem) => stem !== '');
    const names = present.map((stem) => ({ name: arrayName(stem, tensor.name), tensor }));
    const values = (await readArrays(folder, names)).values();
    bytes.set(file, Buffer.concat(stems.map((stem) => (stem === '' ? nanRow(tensor) : next(values)))));
  }
  return { bytes };
}

function next(values: Iterator<Uint8Array>): Uint8Array {
  const { value } = values.next();
  return value ?? Buffer.of();
}
