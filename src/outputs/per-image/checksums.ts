import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { FormatError } from '../../errors.js';

/** A file of a folder, and what it should contain. */
export interface Checksum {
  readonly name: string; // relative to the folder, with forward slashes
  readonly sha256: string;
}

/** Returns a line as the program sha256sum writes and checks it. @param name without backslashes and line feeds, which it would escape */
export const checksumLine = ({ name, sha256 }: Checksum): string => `${sha256}  ${name}\n`;

/**
 * Yields the files that a file of checksums names.
 * @throws {FormatError} for a line that is none; the file system's error
 */
export async function* readChecksums(path: string): AsyncGenerator<Checksum> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined || !isInside(name))
      throw new FormatError(`${path} is damaged: it has the line ${JSON.stringify(line.slice(0, 200))}`);
    yield { name, sha256 };
  }
}

/** Returns whether a name leads to a place in its folder. */
const isInside = (name: string) => !name.startsWith('/') && !name.split('/').includes('..');
