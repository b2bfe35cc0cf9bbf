import { extname } from 'node:path';
import { counted } from '../counted.js';
import { FormatError, InputError } from '../errors.js';
import { BrokenPath } from '../file-item.js';
import { withColumns } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { contentOf, sharedContentOf, withContent } from './archive-content.js';
import { DAMAGED_HINT, failureOf } from './archive-failure.js';
import type { ArchiveFile } from './archive-file.js';
import { type ArchiveFormat, type ArchiveMember, isNamedAs, membersOf } from './archive-format.js';
import { itemOf } from './member-item.js';
import { memberName } from './member-name.js';
import type { FoundColumns, Input, Source, Walk } from './source.js';
import type { Storage } from './storage.js';

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
