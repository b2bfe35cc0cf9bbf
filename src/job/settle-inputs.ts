import { InputError } from '../errors.js';
import type { Item } from '../item.js';
import { keptColumns } from '../sources/kept-columns.js';
import { listColumns } from '../sources/list-file.js';
import { refuseMistaken } from '../sources/registry.js';
import { SkippedFiles, skippedText } from '../sources/skipped-files.js';
import { STDIN } from '../sources/standard-input.js';
import type { JobOptions } from './options.js';
import { columnsOfImages, type ImageWalk, walkImages } from './walk-images.js';

/**
 * Refuses inputs on the command line that can only be mistakes, or that lead to no image at all. A list may be empty, because a
 * program may have written it. A retry takes its inputs from existing rows, so its command's are not checked.
 *
 * @returns the options, with the names of the columns that the output keeps
 * @throws {InputError} that says what was found instead; the signal's reason on abort
 * @throws HalonetError for a list that cannot be read, or if no input has such columns
 */
export async function settleInputs<Options extends JobOptions>(options: Options): Promise<Options> {
  const { images, outputs, signal } = options;
  if ('destination' in outputs && outputs.destination.mode === 'retry') return options;
  const { inputs, sources, list, imageColumn, allowEmpty, keep } = images;
  if (list !== undefined) await listColumns(list);
  await refuseMistaken(inputs, sources, { imageColumn });
  const columns = keep && keptColumns(keep, await columnsOfImages(images, { signal }));
  if (!allowEmpty && list === undefined && !inputs.includes(STDIN)) await expectImage(images, signal);
  return { ...options, images: { ...images, columns } };
}

async function expectImage(images: ImageWalk, signal: AbortSignal | undefined): Promise<void> {
  const skipped = new SkippedFiles();
  let failure: Extract<Item, { status: 'failed' }> | undefined;
  for await (const item of walkImages(images, { signal, skipped })) {
    if (item.status === 'found') return;
    failure ??= item;
  }
  const files = skippedText(skipped.counts);
  const found = [
    ...(failure === undefined ? [] : [`${failure.id}: ${failure.failure.message}`]),
    ...(files === undefined ? [] : [`skipped ${files}`]),
  ];
  throw new InputError(
    `no image in ${images.inputs.join(', ')}${found.length === 0 ? '' : ` (${found.join('; ')})`}`,
    {
      hint: 'In folders, halonet reads files with an image extension; a file that you name is always read. Pass --allow-empty to write an empty output.',
    },
  );
}
