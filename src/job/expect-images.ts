import { InputError } from '../errors.js';
import type { Item } from '../item.js';
import { PassedOver, passedOverText } from '../sources/passed-over.js';
import { refuseMistaken } from '../sources/registry.js';
import type { Source } from '../sources/source.js';
import { STDIN } from '../sources/standard-input.js';
import type { JobOptions } from './options.js';
import { walkImages } from './walk-images.js';

interface ExpectImagesOptions {
  readonly inputs: readonly string[];
  readonly sources?: readonly Source[] | undefined;
  readonly allowEmpty: boolean; // no image is no mistake
  readonly signal?: AbortSignal | undefined;
}

/** @throws {InputError} where the inputs cannot be meant; a retry takes its own from the rows that there are */
export async function expectInputs({ images, outputs, signal }: JobOptions): Promise<void> {
  if ('destination' in outputs && outputs.destination.mode === 'retry') return;
  const { inputs, sources, allowEmpty } = images;
  await expectImages({ inputs, sources, allowEmpty, signal });
}

/**
 * Refuses the inputs of a command line that are mistaken, or lead to no image at all. A list on standard input may be empty,
 * since a program may have written it.
 *
 * @throws {InputError} with what was found instead; the signal's reason when it aborts
 */
async function expectImages({ inputs, sources, allowEmpty, signal }: ExpectImagesOptions): Promise<void> {
  await refuseMistaken(inputs, sources);
  if (allowEmpty || inputs.includes(STDIN)) return;
  const passedOver = new PassedOver();
  let failure: Extract<Item, { status: 'failed' }> | undefined;
  for await (const item of walkImages(inputs, { sources, signal, passedOver })) {
    if (item.status === 'found') return;
    failure ??= item;
  }
  const files = passedOverText(passedOver.counts);
  const found = [
    ...(failure === undefined ? [] : [`${failure.id}: ${failure.failure.message}`]),
    ...(files === undefined ? [] : [`${files} skipped`]),
  ];
  throw new InputError(
    `There is no image in ${inputs.join(', ')}${found.length === 0 ? '.' : ` (${found.join('; ')}).`}`,
    {
      hint: 'In folders, halonet reads files with an image extension; a file that you name is always read. Pass --allow-empty to write an empty output.',
    },
  );
}
