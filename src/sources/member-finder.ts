import { type FileIdentity, isSameIdentity } from '../file-identity.js';
import type { Decompressed } from '../formats/compressed/decompressed.js';
import { type Item, withColumns } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import type { Columns } from '../rows.js';
import { contentOf, sharedContentOf, withContent } from './archive-content.js';
import { failureOf } from './archive-failure.js';
import type { ArchiveFile } from './archive-file.js';
import { type ArchiveFormat, type ArchiveMember, membersOf } from './archive-format.js';
import { headerIn } from './member-identity.js';
import { itemOf, type NamedArchive } from './member-item.js';
import { memberName } from './member-name.js';
import { NameIndex } from './name-index.js';
import { LOCAL, type Storage } from './storage.js';

/** A walk of an archive that continues where the last search ended: members are usually looked up in their order. */
interface Search {
  readonly format: ArchiveFormat;
  readonly archive: ArchiveFile;
  readonly shared: Decompressed | undefined; // content of a compressed archive for the items found in it
  readonly sampled: boolean; // whether members come with the columns of their samples
  members: ReturnType<typeof membersOf>;
  passed: number; // members since the beginning
  readonly places: NameIndex; // of the headers of all members passed so far
  isComplete: boolean; // all members are in it
  hasMoved: boolean; // a member was found by name, and none of that name where it was: the archive has changed
}

/** Finds members of archives by name. It holds one archive open, and where its members are. Close it when done. */
export class MemberFinder {
  readonly #storage: Storage;
  readonly #sampled: boolean;
  #search: Search | undefined;

  /**
   * @param storage where the archives are; local files only by default
   * @param sampled whether to find the columns of samples too
   */
  constructor(storage: Storage = LOCAL, sampled = false) {
    this.#storage = storage;
    this.#sampled = sampled;
  }

  /**
   * @param identity of the member when it was read: if the archive has not changed, it tells where a member of a tar archive is
   * @returns undefined if there is no such member, or the archive is damaged before it
   * @throws ImageRefusal if the archive cannot be read
   */
  async find(
    format: ArchiveFormat,
    archive: NamedArchive,
    name: string,
    identity: FileIdentity | undefined,
  ): Promise<Item | undefined> {
    try {
      const search = await this.#open(format, archive.path);
      const header = identity && headerIn(identity);
      const found =
        (await memberAt(search, name, search.hasMoved ? undefined : header)) ??
        (await memberAt(search, name, search.places.find(name))) ??
        (await searchFor(search, name, header));
      if (found === undefined) return undefined;
      const from = { ...archive, identity: search.archive.identity, content: search.shared };
      const item = itemOf(found.member, from, this.#storage);
      return found.columns === undefined ? item : withColumns(item, found.columns);
    } catch (error) {
      return nothingIfDamaged(error);
    }
  }

  async close(): Promise<void> {
    const search = this.#search;
    this.#search = undefined;
    await search?.members.return(undefined);
    await search?.archive.close();
  }

  async #open(format: ArchiveFormat, path: string): Promise<Search> {
    const { archive: last } = this.#search ?? {};
    const now = last?.path === path ? await this.#storage.identify(path) : undefined;
    if (
      this.#search !== undefined &&
      last !== undefined &&
      now !== undefined &&
      isSameIdentity(now, last.identity)
    )
      return this.#search;
    await this.close();
    const archive = withContent(await this.#storage.openArchive(path), contentOf(format));
    const shared = sharedContentOf(format);
    const sampled = this.#sampled;
    const members = membersOf(format, archive, sampled);
    this.#search = {
      ...{ format, archive, shared, sampled, members },
      passed: 0,
      places: new NameIndex(),
      isComplete: false,
      hasMoved: false,
    };
    return this.#search;
  }
}

/** A member, with the columns of its sample if they are read. */
interface Found {
  readonly member: ArchiveMember;
  readonly columns?: Columns | undefined;
}

async function memberAt(
  { format, archive, sampled }: Search,
  name: string,
  header: number | undefined,
): Promise<Found | undefined> {
  if (header === undefined || format.memberAt === undefined || sampled) return undefined;
  const member = await format.memberAt(archive, header).catch(nothingIfDamaged);
  return member !== undefined && memberName(member) === name ? { member } : undefined;
}

/**
 * Searches by name in one pass of the archive. A member of that name elsewhere counts if none is where it was. Later searches then
 * take the first of their name, instead of a whole pass each.
 */
async function searchFor(
  search: Search,
  name: string,
  header: number | undefined,
): Promise<Found | undefined> {
  if (search.isComplete && search.places.find(name) === undefined) return undefined;
  const place = search.hasMoved ? undefined : header;
  let another: Found | undefined;
  for await (const found of passOf(search)) {
    if (memberName(found.member) !== name) continue;
    if (place === undefined || found.member.header === place) return found;
    another ??= found;
  }
  search.hasMoved ||= another !== undefined;
  return another;
}

/** Yields each member once: from where the last search ended to the end, then from the beginning to there. */
async function* passOf(search: Search): AsyncGenerator<Found> {
  const begin = search.passed;
  yield* membersTo(search, Number.POSITIVE_INFINITY);
  search.members = membersOf(search.format, search.archive, search.sampled);
  search.passed = 0;
  yield* membersTo(search, begin);
}

async function* membersTo(search: Search, end: number): AsyncGenerator<Found> {
  while (search.passed < end) {
    const next = await search.members.next().catch(nothingIfDamaged);
    if (next === undefined || next.done === true) {
      search.isComplete = true; // what follows damage is out of reach
      return;
    }
    search.passed++;
    const { member } = next.value;
    if (!search.isComplete) search.places.add(memberName(member), member.header);
    yield next.value;
  }
}

/** @throws errors that are not about damage */
function nothingIfDamaged(error: unknown): undefined {
  if (error instanceof ImageRefusal) throw error;
  failureOf(error);
}
