import { readFile } from 'node:fs/promises';
import { FormatError } from '../../src/errors.js';
import { ARRANGEMENTS } from '../../src/outputs/arrangement.js';
import { FORMATS } from '../../src/outputs/formats/registry.js';
import { embedLayout } from '../../src/outputs/index.js';
import type { OutputLayout } from '../../src/outputs/layout.js';
import { openFilePacker } from '../../src/outputs/packed-file.js';
import type { RowBlock, UnpackedBlock } from '../../src/outputs/packing.js';
import { type GrowingRowFile, isGrowing, ownName } from '../../src/outputs/row-file.js';
import { tensorRows } from '../../src/outputs/tensor-rows.js';

/** The state of a block: how many rows and bytes of text there are so far. */
interface Sum {
  readonly rows: number;
  readonly text: number;
}

const BLOCK = { rows: 2, textBytes: 1000 };

/**
 * Returns a layout of embeddings that are packed into one file of JSON lines: one for each block of two rows, and a last one that
 * needs the states of all blocks and the survey.
 *
 * @param shifts whether the text comes back with other lengths, as when a format stores values in another way
 */
export function packedLayout(features: number, shifts = false): OutputLayout {
  const text = { ...embedLayout({ format: FORMATS.csv, shape: [features], dtype: 'float32' }).files[0] };
  const arrays: GrowingRowFile = {
    name: (output) => `${output}.f32`,
    header: Buffer.from('floats'),
    rows: tensorRows({ name: 'embedding', dtype: 'float32', shape: [features] }),
  };
  const rowFiles = [{ ...text, name: (output: string) => `${output}.csv` }, arrays].filter((file) =>
    isGrowing(file as GrowingRowFile),
  ) as readonly GrowingRowFile[];
  const [csv] = rowFiles;
  if (csv === undefined) throw new Error('CSV has one file');
  return {
    arrangement: ARRANGEMENTS.packed,
    files: rowFiles,
    settings: { format: 'packed', shifts },
    packing: {
      names: (output) => [ownName(output)],
      growth: 2,
      block: BLOCK,
      survey: async (blocks) => {
        let longest = 0;
        for await (const { lengths } of blocks) longest = Math.max(longest, ...lengths);
        return { longest };
      },
      open: (options) =>
        openFilePacker(options, (states) => {
          const sums = [...states] as Sum[];
          return {
            start: () => Buffer.from(`${JSON.stringify(options.survey)}\n`),
            async encode(block: RowBlock) {
              const parts = await Promise.all(rowFiles.map(async (file) => base64(await block.read(file))));
              const before = sums.at(-1) ?? { rows: 0, text: 0 };
              const state = {
                rows: before.rows + block.count,
                text: before.text + block.lengths.reduce((sum, length) => sum + length, 0),
              };
              sums.push(state);
              return { pieces: [Buffer.from(`${JSON.stringify([block.lengths, ...parts])}\n`)], state };
            },
            end: () => Buffer.from(JSON.stringify([sums, options.rows])),
          };
        }),
      async *unpack(paths): AsyncGenerator<UnpackedBlock> {
        const [path = ''] = paths.values();
        const lines = (await readFile(path, 'utf8')).split('\n').slice(1, -1);
        for (const line of lines) {
          const [lengths, ...parts] = parsed(line);
          const bytes = new Map(rowFiles.map((file, i) => [file, Buffer.from(parts[i] ?? '', 'base64')]));
          if (!shifts) {
            yield { bytes };
            continue;
          }
          const rows = cut(bytes.get(csv) ?? Buffer.of(), lengths).map((row) => quoted(row));
          bytes.set(csv, Buffer.concat(rows));
          yield { bytes, lengths: rows.map((row) => row.byteLength) };
        }
      },
    },
  };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

function parsed(line: string): readonly [readonly number[], ...string[]] {
  try {
    return JSON.parse(line);
  } catch {
    throw new FormatError('a block is not JSON');
  }
}

function cut(text: Buffer, lengths: readonly number[]): Buffer[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return text.subarray(end - length, end);
  });
}

/** Quotes the path of a row, which says the same. */
function quoted(row: Buffer): Buffer {
  const text = row.toString();
  if (text.startsWith('"')) return row;
  const comma = text.indexOf(',');
  return Buffer.from(`"${text.slice(0, comma)}"${text.slice(comma)}`);
}
