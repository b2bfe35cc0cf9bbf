import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputLayout } from '../../src/outputs/layout.js';
import type { Packing, RowBlock } from '../../src/outputs/packing.js';
import { type GrowingRowFile, isGrowing, isText } from '../../src/outputs/row-file.js';
import type { FailedRow, OkRow } from '../../src/rows.js';

type ComputedRow = OkRow | FailedRow;

/** Returns the bytes of rows in a row file. */
export const rowBytes = (
  file: GrowingRowFile,
  rows: readonly ComputedRow[],
  first = 0,
): readonly Uint8Array[] => rows.map((row, i) => file.rows.encode(row, first + i));

/** Returns the packing of a layout. */
export function packingOf({ packing }: OutputLayout): Packing {
  if (packing === undefined) throw new Error('the layout has no packing');
  return packing;
}

/** Cuts rows into the blocks that a layout packs. */
export function blocksOf(layout: OutputLayout, rows: readonly ComputedRow[]): readonly RowBlock[] {
  const { block } = packingOf(layout);
  const text = layout.files.filter(isText);
  const lengths = text.flatMap((file) => rowBytes(file, rows).map(({ byteLength }) => byteLength));
  const blocks: RowBlock[] = [];
  for (let first = 0, end = 0; first < rows.length; first = end) {
    let bytes = 0;
    while (end < rows.length && end - first < block.rows && bytes < block.textBytes)
      bytes += lengths[end++] ?? 0;
    const [from, to] = [first, end];
    blocks.push({
      first,
      count: to - from,
      lengths: lengths.slice(from, to),
      read: async (file) => Buffer.concat(rowBytes(file, rows.slice(from, to), from)),
    });
  }
  return blocks;
}

/**
 * Packs rows as a run does, and stops without warning after each of some blocks, to continue from the step of an earlier one.
 *
 * @param folder to create for the packed files
 * @param crashes numbers of blocks after which an attempt ends, each with how many of the steps so far are recorded
 * @returns the names of the packed files
 */
export async function packed(
  layout: OutputLayout,
  rows: readonly ComputedRow[],
  { folder, output, crashes = [] }: PackedOptions,
): Promise<readonly string[]> {
  const packing = packingOf(layout);
  const blocks = blocksOf(layout, rows);
  const survey = await packing.survey?.(ordered(blocks));
  const steps: unknown[] = [];
  await mkdir(folder, { recursive: true });
  for (const crash of [...crashes, undefined]) {
    const recorded = JSON.parse(JSON.stringify(steps));
    const packer = await packing.open({ folder, output, rows: rows.length, survey, steps: recorded });
    for (const block of blocks.slice(steps.length, crash?.after)) steps.push(await packer.pack(block));
    await packer.sync();
    const names = crash === undefined ? await packer.finish() : [];
    await packer.close();
    if (crash === undefined) return names;
    steps.splice(crash.recorded);
  }
  return [];
}

export interface PackedOptions {
  readonly folder: string;
  readonly output: string;
  readonly crashes?: readonly { readonly after: number; readonly recorded: number }[]; // blocks
}

async function* ordered(blocks: readonly RowBlock[]): AsyncGenerator<RowBlock> {
  yield* blocks;
}

/** Reads packed files back as the bytes of each row file, without headers. */
export async function unpacked(
  layout: OutputLayout,
  folder: string,
  output: string,
): Promise<ReadonlyMap<GrowingRowFile, Buffer>> {
  const packing = packingOf(layout);
  const paths = new Map(packing.names(output).map((name) => [name, join(folder, name)]));
  const parts = new Map(layout.files.filter(isGrowing).map((file) => [file, [] as Uint8Array[]]));
  for await (const { bytes } of packing.unpack(paths))
    for (const [file, part] of bytes) parts.get(file)?.push(part);
  return new Map([...parts].map(([file, all]) => [file, Buffer.concat(all)]));
}
