import { InputError } from '../errors.js';
import type { InputItem } from '../item.js';
import { refuseMistaken } from '../sources/named.js';
import { PassedOver, passedOverText } from '../sources/passed-over.js';
import type { JobOptions } from './options.js';
import { STDIN, walkImages } from './walk-images.js';

interface ExpectImagesOptions {
  readonly inputs: readonly string[];
  readonly allowEmpty: boolean; // no image is no mistake
  readonly signal?: AbortSignal | undefined;
}

/** @throws {InputError} where the inputs cannot be meant; a retry takes its own from the rows that there are */
export async function expectInputs({ images, outputs, signal }: JobOptions): Promise<void> {
  if ('destination' in outputs && outputs.destination.mode === 'retry') return;
  const { inputs, allowEmpty } = images;
  await expectImages({ inputs, allowEmpty, signal });
}

/**
 * Refuses the inputs of a command line that are mistaken, or lead to no image at all. A list on standard input may be empty,
 * since a program may have written it.
 *
 * @throws {InputError} with what was found instead; the signal's reason when it aborts
 */
async function expectImages({ inputs, allowEmpty, signal }: ExpectImagesOptions): Promise<void> {
  await refuseMistaken(inputs.filter((input) => input !== STDIN));
  if (allowEmpty || inputs.includes(STDIN)) return;
  const passedOver = new PassedOver();
  let failure: Extract<InputItem, { status: 'failed' }> | undefined;
  for await (const item of walkImages(inputs, { signal, passedOver })) {
    if (item.status === 'found') return;
    failure ??= item;
  }
  const files = passedOverText(passedOver.counts);
  const found = [
    ...(failure === undefined ? [] : [`${failure.path}: ${failure.failure.message}`]),
    ...(files === undefined ? [] : [`${files} passed over`]),
  ];
  throw new InputError(
    `There is no image in ${inputs.join(', ')}${found.length === 0 ? '.' : ` (${found.join('; ')}).`}`,
    {
      hint: 'Folders are searched for files with the extensions of images; a file that you name is always tried. Pass --allow-empty to write an empty output.',
    },
  );
}
