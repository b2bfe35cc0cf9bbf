import type { FileIdentity } from '../file-identity.js';
import type { FoundItem } from '../item.js';
import {
  type ArchiveFormat,
  type ArchiveMember,
  failureOf,
  MemberItem,
  memberName,
  type NamedArchive,
} from './archive.js';
import { type ArchiveFile, openArchive } from './archive-file.js';
import { headerIn } from './member-identity.js';

/** A walk of an archive that continues where the last search ended: members are usually looked up in their order. */
interface Search {
  readonly format: ArchiveFormat;
  readonly archive: ArchiveFile;
  members: AsyncGenerator<ArchiveMember>;
}

/** Finds members of archives by name. It holds one archive open, and none of its names in memory. Close it when done. */
export class MemberFinder {
  #search: Search | undefined;

  /**
   * @param identity of the member when it was read: if the archive has not changed, it tells where a member of a tar archive is
   * @returns undefined if there is no such member, or it cannot be read
   */
  async find(
    format: ArchiveFormat,
    archive: NamedArchive,
    name: string,
    identity: FileIdentity | undefined,
  ): Promise<FoundItem | undefined> {
    try {
      const search = await this.#open(format, archive.path);
      const header = identity && headerIn(identity);
      const member = (await memberAt(search, name, header)) ?? (await searchFor(search, name, header));
      return member === undefined || member.failure !== undefined
        ? undefined
        : new MemberItem(member, archive);
    } catch (error) {
      return nothingIfDamaged(error); // the archive cannot be opened
    }
  }

  async close(): Promise<void> {
    const search = this.#search;
    this.#search = undefined;
    await search?.members.return(undefined);
    await search?.archive.close();
  }

  async #open(format: ArchiveFormat, path: string): Promise<Search> {
    if (this.#search?.archive.path === path) return this.#search;
    await this.close();
    const archive = await openArchive(path);
    this.#search = { format, archive, members: format.members(archive) };
    return this.#search;
  }
}

async function memberAt(
  { format, archive }: Search,
  name: string,
  header: number | undefined,
): Promise<ArchiveMember | undefined> {
  if (header === undefined || format.memberAt === undefined) return undefined;
  const found = await format.memberAt(archive, header).catch(nothingIfDamaged);
  return found !== undefined && memberName(found) === name ? found : undefined;
}

/** Searches from where the last search ended to the end, then once from the beginning. */
async function searchFor(
  search: Search,
  name: string,
  header: number | undefined,
): Promise<ArchiveMember | undefined> {
  let another: ArchiveMember | undefined; // of this name, but elsewhere
  for (let pass = 0; pass < 2; pass++) {
    for (;;) {
      const next = await search.members.next().catch(nothingIfDamaged);
      if (next === undefined || next.done === true) break;
      if (memberName(next.value) !== name) continue;
      if (header === undefined || next.value.header === header) return next.value;
      another ??= next.value;
    }
    search.members = search.format.members(search.archive);
  }
  return another;
}

function nothingIfDamaged(error: unknown): undefined {
  failureOf(error);
}
