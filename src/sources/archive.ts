import { extname } from 'node:path';
import { isAddress, withoutQuery } from '../address.js';
import { counted } from '../counted.js';
import { FormatError, type ImageFailure, InputError, TruncatedError } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import { BrokenPath } from '../file-item.js';
import type { Decompress, Decompressed } from '../formats/compressed/decompressed.js';
import type { ReadAt } from '../formats/read-at.js';
import { type FoundItem, type Item, type OpenItem, type TakeRoom, withColumns } from '../item.js';
import { expectImageSize, ImageRefusal } from '../refusal.js';
import { contentOf, sharedContentOf, withContent } from './archive-content.js';
import type { ArchiveFile } from './archive-file.js';
import { type MemberPlace, memberIdentity } from './member-identity.js';
import { memberName } from './member-name.js';
import { type SampleMember, samplesOf } from './samples.js';
import type { FoundColumns, Input, Source, Walk } from './source.js';
import type { Storage } from './storage.js';

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

/**
 * The source of archives of a format, read in place: members with an image extension, or without an extension but with the bytes of
 * an image. Hidden members are skipped, as in folders. Ids are `archive.tar/member`.
 */
export function archiveSource(format: ArchiveFormat): Source {
  return {
    name: format.name,
    takes: ({ path, found }) => (found.kind === 'file' || found.kind === 'object') && isNamedAs(format, path),
    async *items({ name, path, found }, walk) {
      const { storage, signal } = walk;
      const target = await walk.targets.ofFound(path, found);
      let file: ArchiveFile | undefined;
      let members = 0;
      try {
        file = await storage.openArchive(path);
        walk.onCount?.('archives', 1);
        const { identity } = file;
        const content = contentOf(format, signal);
        const shared = sharedContentOf(format, signal);
        for await (const { member, columns } of imagesIn(format, name, withContent(file, content), walk)) {
          walk.onCount?.('members', 1);
          members++;
          const item = itemOf(member, { name, path, target, identity, content: shared }, storage);
          yield columns === undefined ? item : withColumns(item, columns);
        }
        await content?.expectEnd(file.read);
      } catch (error) {
        const failure = failureOf(error);
        if (members > 0)
          walk.onNote?.(
            `${name} cannot be read to its end: ${failure.message}; once it can, --sync adds the images that are missing`,
          );
        yield new BrokenPath(name, failure, target); // the members before still count
      } finally {
        await file?.close();
      }
    },
    mistake: (input, { storage }) => mistakeIn(input, format, storage),
    columns: (input, walk) => sampleColumns(input, format, walk),
  };
}

export const isNamedAs = ({ extensions }: ArchiveFormat, name: string): boolean => {
  const path = withoutQuery(name).toLowerCase();
  return extensions.some((extension) => path.endsWith(extension));
};

/** An archive as items name it. */
export interface NamedArchive {
  readonly name: string; // as ids have it
  readonly path: string; // to open it: the path or address
  readonly target: string; // what the name resolves to
}

/** An archive in which a member was found. */
export interface ReadArchive extends NamedArchive {
  readonly identity: FileIdentity; // when it was found
  readonly content?: Decompressed | undefined; // of a compressed one: shared by all items found in it
}

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

/** Yields the images. Where columns of samples cannot be read, the images have none, and one note for the archive says why. */
async function* imagesIn(
  format: ArchiveFormat,
  name: string,
  archive: ArchiveFile,
  walk: Walk,
): ReturnType<typeof membersOf> {
  const { columns: kept = [], signal, onNote } = walk;
  let [incomplete, first] = [0, ''];
  try {
    for await (const found of membersOf(format, archive, kept.length > 0)) {
      signal?.throwIfAborted();
      if (!(await isWanted(found.member, name, archive, walk))) continue;
      if (found.problem !== undefined && incomplete++ === 0) first = found.problem;
      yield found;
    }
  } finally {
    if (incomplete > 0)
      onNote?.(`${name}: columns of ${counted(incomplete, 'image')} cannot be read; the first: ${first}`);
  }
}

/** Returns the columns of the first sample with an image; unknown if the archive cannot be read. */
async function sampleColumns(
  { name, path }: Input,
  format: ArchiveFormat,
  walk: Walk,
): Promise<FoundColumns> {
  let file: ArchiveFile | undefined;
  try {
    file = await walk.storage.openArchive(path);
    const archive = withContent(file, contentOf(format, walk.signal));
    const silent = { ...walk, onSkipped: undefined };
    for await (const { member, columns = {} } of membersOf(format, archive, true))
      if (await isWanted(member, name, archive, silent)) return Object.keys(columns);
  } catch (error) {
    if (error instanceof ImageRefusal) return 'unknown';
    failureOf(error); // a row says why
  } finally {
    await file?.close();
  }
  return [];
}

const HEAD = 4096; // bytes that show whether a member without an extension is an image

async function isWanted(
  member: ArchiveMember,
  archive: string,
  { read }: ArchiveFile,
  walk: Walk,
): Promise<boolean> {
  const name = memberName(member);
  if (member.isFolder || isHidden(name)) return false;
  const extension = extname(name).toLowerCase();
  if (walk.extensions.has(extension)) return true;
  if (extension === '' && member.failure === undefined && walk.isImageHead !== undefined) {
    if (walk.isImageHead(await member.head(read, HEAD))) return true;
  }
  walk.onSkipped?.(`${archive}/${name}`);
  return false;
}

/** Returns whether a member, or a folder that it is in, is hidden. */
export const isHidden = (name: string) =>
  name.split('/').some((part) => part.startsWith('.') && part !== '.' && part !== '..');

export function itemOf(member: ArchiveMember, archive: ReadArchive, storage: Storage): Item {
  if (member.failure === undefined) return new MemberItem(member, archive, storage);
  const name = memberName(member);
  return new BrokenPath(`${archive.name}/${name}`, member.failure, `${archive.target}/${name}`);
}

/** A member of an archive that can be read at its place. */
class MemberItem implements FoundItem {
  readonly status = 'found';
  readonly id: string;
  readonly target: string;
  readonly #archive: string; // its path
  readonly #storage: Storage;
  readonly #found: FileIdentity; // of the archive
  readonly #member: ArchiveMember;
  readonly #content: Decompressed | undefined;

  constructor(
    member: ArchiveMember,
    { name, path, target, identity, content }: ReadArchive,
    storage: Storage,
  ) {
    this.#storage = storage;
    this.#found = identity;
    this.#content = content;
    this.id = `${name}/${memberName(member)}`;
    this.target = `${target}/${memberName(member)}`;
    this.#archive = path;
    this.#member = member;
  }

  get remote() {
    return isAddress(this.#archive) ? 'part' : undefined;
  }

  async identify(): Promise<FileIdentity | undefined> {
    const archive = await this.#storage.identify(this.#archive);
    return archive && memberIdentity(archive, this.#member);
  }

  async reach(): Promise<void> {
    const { header } = this.#member;
    if (this.#content === undefined || this.#content.isNear(header)) return;
    const file = await this.#storage.openArchive(this.#archive).catch(() => undefined);
    if (file === undefined) return; // `open` says why
    const isChanged = !isSameIdentity(file.identity, this.#found);
    if (!isChanged)
      await this.#content
        .over(file.read)(header, 0)
        .catch(() => {});
    await file.close().catch(() => {});
  }

  async open(): Promise<OpenItem> {
    const member = this.#member;
    const archive = withContent(await this.#storage.openArchive(this.#archive), this.#content);
    const isChanged = !isSameIdentity(archive.identity, this.#found);
    return {
      identity: memberIdentity(archive.identity, member),
      async read(limit, take) {
        try {
          if (isChanged) throw new ImageRefusal('read_failed', 'the archive was changed during the run');
          return await readMember(member, archive.read, limit, take);
        } finally {
          await archive.close().catch(() => {}); // nothing was written
        }
      },
    };
  }
}

async function readMember(
  member: ArchiveMember,
  archive: ReadAt,
  most: number,
  take?: TakeRoom,
): Promise<Uint8Array> {
  expectImageSize('the member', member.size, most);
  await take?.(member.size);
  try {
    return await member.read(archive);
  } catch (error) {
    const { code, message } = failureOf(error);
    throw new ImageRefusal(code, message);
  }
}

/**
 * Returns the failure of an archive, or of a member, that cannot be read.
 *
 * @throws any other error
 */
export function failureOf(error: unknown): ImageFailure {
  if (error instanceof ImageRefusal) return error.failure;
  if (error instanceof Error && 'syscall' in error) return fileFailure(error);
  if (!(error instanceof FormatError)) throw error;
  return { code: error instanceof TruncatedError ? 'truncated' : 'read_failed', message: error.message };
}

/** What to do about an input that is damaged from its beginning. */
export const DAMAGED_HINT = 'Check the file; if it was cut off in a copy or download, get it again.';

/** Returns the error for an input that is named like such an archive, but does not begin like one. */
async function mistakeIn(
  { name, path }: Input,
  format: ArchiveFormat,
  storage: Storage,
): Promise<InputError | undefined> {
  const file = await storage.openArchive(path).catch((error: unknown) => {
    if (!(error instanceof ImageRefusal)) throw error; // otherwise, a row says why it cannot be read
  });
  if (file === undefined) return undefined;
  try {
    await format.members(withContent(file, contentOf(format))).next();
    return undefined;
  } catch (error) {
    if (!(error instanceof FormatError)) return void failureOf(error);
    return new InputError(`${name} is not a ${format.name}: ${error.message}`, {
      hint: DAMAGED_HINT,
    });
  } finally {
    await file.close();
  }
}
