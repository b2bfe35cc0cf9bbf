import { FormatError } from '../../errors.js';
import { readChunks } from '../../files/read-chunks.js';

/** A file of a folder, and what it should contain. */
export interface Checksum {
  readonly name: string; // relative to the folder, with forward slashes
  readonly sha256: string;
}

/** Returns a line as the program sha256sum writes and checks it. @param name without backslashes and line feeds, which it would escape */
export const checksumLine = ({ name, sha256 }: Checksum): string => `${sha256}  ${name}\n`;

/**
 * Yields the files that a file of checksums names.
 * @throws {FormatError} for a line that is none; ReadFailure
 */
export async function* readChecksums(path: string): AsyncGenerator<Checksum> {
  for await (const line of linesOf(path)) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined || !isInside(name))
      throw new FormatError(`${path} is damaged: it has the line ${JSON.stringify(line.slice(0, 200))}`);
    yield { name, sha256 };
  }
}

/** Returns whether a name leads to a place in its folder. */
const isInside = (name: string) => !name.startsWith('/') && !name.split('/').includes('..');

/** Yields the lines of a file without their line feeds. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let begun = Buffer.of();
  for await (const chunk of readChunks(path)) {
    const bytes = Buffer.concat([begun, chunk]);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end > 0) yield* bytes.toString('utf8', 0, end - 1).split('\n');
    begun = bytes.subarray(end);
  }
  if (begun.byteLength > 0) yield begun.toString();
}
