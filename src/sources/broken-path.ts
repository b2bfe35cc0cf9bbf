import { isAddress } from '../address.js';
import { type ImageFailure, InputError } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { missingInputError, otherProtocol } from './missing.js';
import type { Source } from './source.js';

const HOSTS =
  'Hosts of private networks are asked without --public-hosts-only; from link-local addresses, download the images first.';
const SPELLING = 'Check its spelling; examples are https://example.org/cat.jpg and s3://bucket/cat.jpg.';

/** A path that cannot be followed: a row with the reason, or a mistake if it is missing and named on the command line. */
export const brokenPath: Source = {
  name: 'path',
  takes: ({ found }) => found.kind === 'failed',
  async *items({ name, path, found }, { targets }) {
    if (found.kind !== 'failed') return;
    const protocol = isAddress(path) ? undefined : otherProtocol(path);
    const failure: ImageFailure =
      protocol === undefined
        ? found.failure
        : { code: 'invalid_name', message: `an address of ${protocol}, which halonet does not read` };
    yield new BrokenPath(name, failure, await targets.ofEntry(path));
  },
  async mistake({ name, path, found }) {
    if (found.kind === 'failed' && isAddress(path))
      return new InputError(`${name} cannot be read: ${found.failure.message}`, {
        hint: found.failure.code === 'permission' ? HOSTS : SPELLING,
      });
    return missingInputError(path);
  },
};
