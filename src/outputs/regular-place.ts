import { OutputError } from '../errors.js';
import { findPlace } from '../files/place.js';
import { FORMATS } from './formats/registry.js';

// A format streams either for every command or for none.
const STREAMED = Object.values(FORMATS).filter(({ embed }) => embed.arrangement.streams);

/**
 * Finds a place as `findPlace` does, for a file that is completed at the end and so must be a regular one. The file
 * may exist.
 * @throws {OutputError} as `findPlace`, or for standard output or a device
 */
export async function findRegularPlace(output: string): Promise<string> {
  const place = await findPlace(output, true, ['.npy']);
  if (place.kind === 'file') return place.path;
  const streamed = STREAMED.map(({ name }) => `--format ${name}`).toReversed();
  throw new OutputError(
    `${output} is not a regular file, and an output of this format is completed at the end`,
    { hint: `Name a regular file, or pass ${streamed.join(' or ')}, uncompressed.` },
  );
}
