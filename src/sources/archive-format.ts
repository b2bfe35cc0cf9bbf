import { withoutQuery } from '../address.js';
import type { ImageFailure } from '../errors.js';
import type { Decompress } from '../formats/compressed/decompressed.js';
import type { ReadAt } from '../formats/read-at.js';
import type { ArchiveFile } from './archive-file.js';
import type { MemberPlace } from './member-identity.js';
import { type SampleMember, samplesOf } from './samples.js';

/** A member of an archive. */
export interface ArchiveMember extends MemberPlace {
  readonly name: string; // as stored: it may be absolute, or contain `..`, but is never used as a path
  readonly isFolder: boolean;
  readonly failure: ImageFailure | undefined; // why it cannot be read
  /** @throws FormatError if it is damaged */
  readonly read: (archive: ReadAt) => Promise<Uint8Array>;
  /** Returns its first bytes. */
  readonly head: (archive: ReadAt, length: number) => Promise<Uint8Array>;
}

/** A format of archives: one module each. */
export interface ArchiveFormat {
  readonly name: string; // for messages: tar archive
  readonly extensions: readonly string[]; // in lower case, with the dot
  /** Decompresses the file; left out if that is the archive itself. Places are those in the archive. */
  readonly decompress?: Decompress;
  /**
   * Yields the members in the order of the archive, without reading their bytes.
   * @throws FormatError if the archive is damaged
   */
  readonly members: (archive: ArchiveFile) => AsyncGenerator<ArchiveMember>;
  /** Returns the member whose headers begin at a place; left out if only `members` can tell. */
  readonly memberAt?: (archive: ArchiveFile, header: number) => Promise<ArchiveMember | undefined>;
}

/** Returns whether a path or an address is named as an archive of a format. */
export const isNamedAs = ({ extensions }: ArchiveFormat, name: string): boolean => {
  const path = withoutQuery(name).toLowerCase();
  return extensions.some((extension) => path.endsWith(extension));
};

/**
 * Yields the members of an archive.
 *
 * @param sampled whether to read the columns of samples on the way
 * @throws FormatError if the archive is damaged
 */
export async function* membersOf(
  format: ArchiveFormat,
  archive: ArchiveFile,
  sampled: boolean,
): AsyncGenerator<{ readonly member: ArchiveMember } & Partial<SampleMember<ArchiveMember>>> {
  const members = format.members(archive);
  if (sampled) yield* samplesOf(members, archive.read);
  else for await (const member of members) yield { member };
}
