import type { ImageFailure } from '../errors.js';
import { isReadable, readZipHead, readZipMember, type ZipMember, zipMembers } from '../formats/zip.js';
import { archiveSource } from './archive.js';
import type { ArchiveFormat, ArchiveMember } from './archive-format.js';
import { nameFailure } from './member-name.js';

export const ZIP: ArchiveFormat = {
  name: 'zip archive',
  extensions: ['.zip'],
  async *members({ read, identity }) {
    for await (const member of zipMembers(read, identity.bytes)) yield memberOf(member);
  },
};

/** A zip archive. */
export const zip = archiveSource(ZIP);

function memberOf(member: ZipMember): ArchiveMember {
  const { name, isFolder, header, size } = member;
  return {
    name,
    header,
    size,
    isFolder,
    failure: failureOf(member),
    read: (archive) => readZipMember(archive, member),
    head: (archive, length) => readZipHead(archive, member, length),
  };
}

function failureOf(member: ZipMember): ImageFailure | undefined {
  const failure = nameFailure(member);
  if (failure !== undefined) return failure;
  if (member.isLink)
    return { code: 'read_failed', message: 'a symbolic link; links in archives are not followed' };
  if (member.isEncrypted) return { code: 'read_failed', message: 'the member is encrypted' };
  if (!isReadable(member))
    return {
      code: 'read_failed',
      message: `compressed by method ${member.method}; halonet reads stored and deflated members`,
    };
  return undefined;
}
