import { isAddress } from '../address.js';
import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import { BrokenPath } from '../file-item.js';
import type { Decompressed } from '../formats/compressed/decompressed.js';
import type { ReadAt } from '../formats/read-at.js';
import type { FoundItem, Item, OpenItem, TakeRoom } from '../item.js';
import { expectImageSize, ImageRefusal } from '../refusal.js';
import { withContent } from './archive-content.js';
import { failureOf } from './archive-failure.js';
import type { ArchiveMember } from './archive-format.js';
import { memberIdentity } from './member-identity.js';
import { memberName } from './member-name.js';
import type { Storage } from './storage.js';

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

/** Returns a member of an archive as an item. */
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
