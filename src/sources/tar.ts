import { type ImageFailure, TruncatedError } from '../errors.js';
import { gunzip } from '../formats/compressed/gzip.js';
import { unzstd } from '../formats/compressed/zstd.js';
import { type TarMember, tarMembers } from '../formats/tar.js';
import { archiveSource } from './archive.js';
import type { ArchiveFormat, ArchiveMember } from './archive-format.js';
import { nameFailure } from './member-name.js';
import type { Source } from './source.js';

export const TAR: ArchiveFormat = {
  name: 'tar archive',
  extensions: ['.tar'],
  async *members({ read }) {
    for await (const member of tarMembers(read)) yield memberOf(member);
  },
  async memberAt({ read }, header) {
    const { value } = await tarMembers(read, header).next();
    return value && memberOf(value);
  },
};

export const TAR_GZIP: ArchiveFormat = {
  ...TAR,
  name: 'tar archive compressed with gzip',
  extensions: ['.tar.gz', '.tgz'],
  decompress: gunzip,
};

export const TAR_ZSTD: ArchiveFormat = {
  ...TAR,
  name: 'tar archive compressed with Zstandard',
  extensions: ['.tar.zst', '.tzst'],
  decompress: unzstd,
};

/** Tar archives, compressed or not. */
export const [tar, tarGzip, tarZstd] = [TAR, TAR_GZIP, TAR_ZSTD].map(archiveSource) as [
  Source,
  Source,
  Source,
];

function memberOf(member: TarMember): ArchiveMember {
  const { name, kind, header, offset, size } = member;
  return {
    name,
    header,
    size,
    isFolder: kind === 'folder',
    failure: failureOf(member),
    async read(archive) {
      const bytes = await archive(offset, size);
      if (bytes.byteLength < size)
        throw new TruncatedError(
          `the archive ends after ${bytes.byteLength} of the ${size} bytes of the member`,
        );
      return bytes;
    },
    head: (archive, length) => archive(offset, Math.min(size, length)),
  };
}

function failureOf(member: TarMember): ImageFailure | undefined {
  const { kind, link } = member;
  const failure = nameFailure(member);
  if (failure !== undefined) return failure;
  if (kind === 'link')
    return {
      code: 'read_failed',
      message: `a link to ${inOneLine(link)}; links in archives are not followed`,
    };
  if (kind === 'sparse')
    return { code: 'read_failed', message: 'a sparse member, which halonet does not read' };
  if (kind === 'other') return { code: 'read_failed', message: 'a pipe or device, not an image file' };
  return undefined;
}

const inOneLine = (text: string) => text.replaceAll(/\p{Cc}/gu, '\uFFFD');
