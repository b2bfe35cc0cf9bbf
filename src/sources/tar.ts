import { extname } from 'node:path';
import { FormatError, type ImageFailure, InputError } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import { BrokenPath } from '../file-item.js';
import { type TarMember, tarMembers } from '../formats/tar.js';
import type { FoundItem, Item } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { type ArchiveFile, openArchive } from './archive-file.js';
import { headerIn, MemberItem } from './member-item.js';
import type { Source, Walk } from './source.js';

/**
 * A tar archive, read in place: its members with an image extension, or without an extension but with the bytes of an image, in
 * the order of the archive. Hidden members are skipped, as in folders. Ids are `archive.tar/member`; names are never used as paths.
 */
export const tar: Source = {
  name: 'tar archive',
  takes: ({ name, found }) => found.kind === 'file' && isTarName(name),
  async *items({ name, found }, walk) {
    const isLink = found.kind === 'file' && found.isLink;
    const target = await (isLink ? walk.targets.ofLink(name) : walk.targets.ofEntry(name));
    let archive: ArchiveFile | undefined;
    try {
      archive = await openArchive(name);
      for await (const member of tarMembers(archive.read)) {
        walk.signal?.throwIfAborted();
        if (await isWanted(member, name, archive, walk)) yield itemOf(member, { name, target });
      }
    } catch (error) {
      yield new BrokenPath(name, failureOf(error), target);
    } finally {
      await archive?.[Symbol.asyncDispose]();
    }
  },
  mistake: ({ name }) => notTar(name),
};

export const isTarName = (name: string): boolean => /\.tar$/i.test(name);

/**
 * Finds a member by its id, without reading what stands before it if its identity tells where it is.
 *
 * @param archive the archive's path @param target of the archive @returns undefined if there is no such image
 */
export async function findMember(
  archive: { readonly path: string; readonly name: string; readonly target: string },
  member: string,
  identity: FileIdentity | undefined,
): Promise<FoundItem | undefined> {
  const file = await openArchive(archive.path).catch(nothingIfRefused);
  if (file === undefined) return undefined;
  try {
    const at = identity && headerIn(identity);
    const found =
      (at === undefined ? undefined : await findFrom(file, member, at, true)) ??
      (await findFrom(file, member, 0, false));
    if (found?.kind !== 'file') return undefined;
    return new MemberItem(`${archive.name}/${member}`, `${archive.target}/${member}`, archive.path, found);
  } finally {
    await file[Symbol.asyncDispose]();
  }
}

function nothingIfRefused(error: unknown): undefined {
  if (!(error instanceof ImageRefusal)) throw error;
}

/** @param only whether to read one header alone */
async function findFrom(
  { read }: ArchiveFile,
  member: string,
  at: number,
  only: boolean,
): Promise<TarMember | undefined> {
  try {
    for await (const found of tarMembers(read, at)) {
      if (nameOf(found) === member) return found;
      if (only) return undefined;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return undefined;
}

/** Returns the name of a member as ids have it: without `./` at its beginning. */
const nameOf = ({ name }: TarMember) => name.replace(/^(\.\/+)+/, '');

const HEAD = 4096; // bytes that show whether a member without an extension is an image

async function isWanted(
  member: TarMember,
  archive: string,
  { read }: ArchiveFile,
  walk: Walk,
): Promise<boolean> {
  const name = nameOf(member);
  if (member.kind === 'folder' || isHidden(name)) return false;
  const extension = extname(name).toLowerCase();
  if (walk.extensions.has(extension)) return true;
  if (member.kind === 'file' && extension === '' && walk.isImageHead !== undefined) {
    if (walk.isImageHead(await read(member.offset, Math.min(member.size, HEAD)))) return true;
  }
  walk.onSkipped?.(`${archive}/${name}`);
  return false;
}

const isHidden = (name: string) =>
  name.split('/').some((part) => part.startsWith('.') && part !== '.' && part !== '..');

function itemOf(member: TarMember, archive: { readonly name: string; readonly target: string }): Item {
  const name = nameOf(member);
  const [id, target] = [`${archive.name}/${name}`, `${archive.target}/${name}`];
  const failure = failureOfMember(member);
  return failure === undefined
    ? new MemberItem(id, target, archive.name, member)
    : new BrokenPath(id, failure, target);
}

function failureOfMember({ kind, link, isUtf8 }: TarMember): ImageFailure | undefined {
  if (!isUtf8) return { code: 'invalid_name', message: 'the name of the member is not valid UTF-8' };
  if (kind === 'link')
    return { code: 'read_failed', message: `a link to ${link}; links in archives are not followed` };
  if (kind === 'sparse')
    return { code: 'read_failed', message: 'a sparse member, which halonet does not read' };
  if (kind === 'other') return { code: 'read_failed', message: 'a pipe or device, not an image file' };
  return undefined;
}

/** Returns the failure of an archive that cannot be read on. The members before still count. */
function failureOf(error: unknown): ImageFailure {
  if (error instanceof ImageRefusal) return error.failure;
  if (!(error instanceof FormatError)) throw error;
  const code = error.message.startsWith('the archive ends') ? 'truncated' : 'read_failed';
  return { code, message: error.message };
}

/** Returns the error for an input named like a tar archive that does not begin like one. */
async function notTar(name: string): Promise<InputError | undefined> {
  const archive = await openArchive(name).catch(nothingIfRefused); // a row says why it cannot be read
  if (archive === undefined) return undefined;
  try {
    await tarMembers(archive.read).next();
    return undefined;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return new InputError(`${name} is not a tar archive: ${error.message}`, {
      hint: 'If it is compressed, unpack it first, and name the folder.',
    });
  } finally {
    await archive[Symbol.asyncDispose]();
  }
}
