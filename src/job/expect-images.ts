import { InputError } from '../errors.js';
import type { Item } from '../item.js';
import { refuseMistaken } from '../sources/registry.js';
import type { Selection } from '../sources/selection.js';
import { SkippedFiles, skippedText } from '../sources/skipped-files.js';
import type { Source } from '../sources/source.js';
import { STDIN } from '../sources/standard-input.js';
import type { JobOptions } from './options.js';
import { walkImages } from './walk-images.js';

interface ExpectImagesOptions {
  readonly inputs: readonly string[];
  readonly sources?: readonly Source[] | undefined;
  readonly selection?: Selection | undefined;
  readonly imageColumn?: string | undefined;
  readonly allowEmpty: boolean; // accept inputs without any image
  readonly signal?: AbortSignal | undefined;
}

/** @throws {InputError} if the inputs can only be a mistake; a retry takes its inputs from existing rows, so is not checked */
export async function expectInputs({ images, outputs, signal }: JobOptions): Promise<void> {
  if ('destination' in outputs && outputs.destination.mode === 'retry') return;
  const { inputs, sources, selection, imageColumn, allowEmpty } = images;
  await expectImages({ inputs, sources, selection, imageColumn, allowEmpty, signal });
}

/**
 * Refuses inputs on the command line that can only be mistakes, or that lead to no image at all. A list on standard input may
 * be empty, because a program may have written it.
 *
 * @throws {InputError} that says what was found instead; the signal's reason on abort
 */
async function expectImages({
  inputs,
  sources,
  selection,
  imageColumn,
  allowEmpty,
  signal,
}: ExpectImagesOptions): Promise<void> {
  await refuseMistaken(inputs, sources, { imageColumn });
  if (allowEmpty || inputs.includes(STDIN)) return;
  const skipped = new SkippedFiles();
  let failure: Extract<Item, { status: 'failed' }> | undefined;
  for await (const item of walkImages(inputs, { sources, selection, imageColumn, signal, skipped })) {
    if (item.status === 'found') return;
    failure ??= item;
  }
  const files = skippedText(skipped.counts);
  const found = [
    ...(failure === undefined ? [] : [`${failure.id}: ${failure.failure.message}`]),
    ...(files === undefined ? [] : [`skipped ${files}`]),
  ];
  throw new InputError(
    `no image in ${inputs.join(', ')}${found.length === 0 ? '' : ` (${found.join('; ')})`}`,
    {
      hint: 'In folders, halonet reads files with an image extension; a file that you name is always read. Pass --allow-empty to write an empty output.',
    },
  );
}
