import { shownAddress } from '../address.js';
import { InputError } from '../errors.js';
import type { BrokenItem } from '../item.js';
import { keptColumns } from '../sources/kept-columns.js';
import { listColumns } from '../sources/list-file.js';
import { refuseMistaken } from '../sources/registry.js';
import { type SkippedCounts, skippedText } from '../sources/skipped-files.js';
import { STDIN } from '../sources/standard-input.js';
import { WalkCounts } from '../sources/walk-counts.js';
import type { JobOptions } from './options.js';
import { columnsOfImages, type ImageWalk, walkImages } from './walk-images.js';

/**
 * Refuses inputs on the command line that can only be mistakes, or that lead to no image at all. A list may be empty, because a
 * program may have written it. A retry takes its inputs from existing rows, so its command's are not checked.
 *
 * @returns the options, with the names of the columns that the output keeps
 * @throws {InputError} that says what was found instead; the signal's reason on abort
 * @throws HalonetError for a list that cannot be read, or if no input has such columns, or one has the name of a fact
 */
export async function settleInputs<Options extends JobOptions>(options: Options): Promise<Options> {
  const { images, outputs, signal } = options;
  if (!('sink' in outputs) && outputs.mode === 'retry') return options;
  const { inputs, sources, list, imageColumn, storage, allowEmpty, keep, facts } = images;
  if (list !== undefined) {
    const mistake = await storage?.mistake(list.path);
    if (mistake !== undefined) throw mistake;
    await listColumns(list, storage);
  }
  await refuseMistaken(inputs, sources, { imageColumn, storage });
  const columns = keep && keptColumns(keep, await columnsOfImages(images, { signal }), facts);
  if (!allowEmpty && list === undefined && !inputs.includes(STDIN)) await expectImage(images, signal);
  return { ...options, images: { ...images, columns } };
}

async function expectImage(images: ImageWalk, signal: AbortSignal | undefined): Promise<void> {
  const counts = new WalkCounts();
  let failure: BrokenItem | undefined;
  for await (const item of walkImages(images, { signal, counts })) {
    if (item.status === 'found') return;
    failure ??= item;
  }
  const unmatched = await unmatchedImage(images, signal);
  if (unmatched !== undefined) throw unmatchedError(images, unmatched);
  const files = skippedText(counts.skipped);
  const found = [
    ...(failure === undefined ? [] : [`${failure.id}: ${failure.failure.message}`]),
    ...(files === undefined ? [] : [`skipped ${files}`]),
  ];
  throw new InputError(
    `no image in ${images.inputs.map(shownAddress).join(', ')}${found.length === 0 ? '' : ` (${found.join('; ')})`}`,
    {
      hint: hintFor(failure !== undefined, counts.skipped),
    },
  );
}

function hintFor(hasFailed: boolean, skipped: SkippedCounts): string {
  if (hasFailed) return 'Check the inputs; nothing else is in them.';
  const held = HOLDING_IMAGES.filter((extension) => extension in skipped);
  if (held.length > 0)
    return `Archives and Parquet files in folders are not read: name them, as in "FOLDER/*${held[0]}".`;
  return 'In folders, halonet reads files with an image extension; a file that you name is always read. Pass --allow-empty to write an empty output.';
}

const HOLDING_IMAGES = ['.tar', '.zip', '.parquet'];

/** Returns the id of an image that the patterns of a selection leave out; undefined if there is none. */
async function unmatchedImage(
  images: ImageWalk,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { include, exclude, ...selection } = images.selection ?? {};
  if (include === undefined && exclude === undefined) return undefined;
  for await (const { status, id } of walkImages({ ...images, selection }, { signal }))
    if (status === 'found') return id;
  return undefined;
}

function unmatchedError({ inputs, selection }: ImageWalk, example: string): InputError {
  const { include = [], exclude = [] } = selection ?? {};
  const flags = [
    ...include.map((one) => `--include ${JSON.stringify(one)}`),
    ...exclude.map((one) => `--exclude ${JSON.stringify(one)}`),
  ];
  return new InputError(`${flags.join(' ')} leaves no image of ${inputs.map(shownAddress).join(', ')}`, {
    hint: `Patterns are compared with the whole path of an image, such as ${example}, or with its end from any folder on. Pass --allow-empty to write an empty output.`,
  });
}
