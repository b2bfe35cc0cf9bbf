import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DEFLATED, longName, pax, tarOf, zipOf } from '../../support/archives.js';
import { page, parquetOf, plain } from '../../support/parquet.js';
import { ROOT } from '../../support/root.js';
import { zstdOf } from '../../support/zstd.js';
import { LINES } from '../../zstd/lines.js';

export type ArchiveKind = 'tar' | 'gzip' | 'zstd' | 'zip' | 'parquet';

/** A small intact archive. */
export interface ArchiveSeed {
  readonly kind: ArchiveKind;
  readonly name: string; // for file names: a-z, 0-9 and -
  readonly bytes: Buffer;
}

/** What the members of tars and zips hold; a Parquet file may hold anything. */
export const CONTENTS: readonly Buffer[] = [
  LINES.subarray(0, 3000),
  Buffer.from(Array.from({ length: 700 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24)),
  Buffer.from('short'),
  Buffer.alloc(20_000, 'a member that is long, and always the same; '),
];

const MEMBERS = CONTENTS.map((content, i) => ({ name: `folder/${i}.png`, content }));
const LONG = `${'long/'.repeat(40)}name.png`;

/** The tar that is compressed. `fixtures/zstd/members.tar.zst` is what `zstd -19` makes of it. */
export const MEMBERS_TAR = tarOf(...MEMBERS);

const tars: Readonly<Record<string, Buffer>> = {
  ustar: MEMBERS_TAR,
  pax: tarOf(
    ...MEMBERS.flatMap((member) => [pax({ path: LONG, size: String(member.content.byteLength) }), member]),
  ),
  gnu: tarOf(...MEMBERS.flatMap((member) => [longName(LONG), { ...member, magic: 'gnu' as const }])),
  mixed: tarOf(
    { name: 'folder/', type: '5' },
    { name: 'link.png', type: '2', link: 'a.png' },
    { name: 'sparse.png', type: 'S', magic: 'gnu', map: 'ends' },
    ...MEMBERS,
  ),
};

const HALF = 2048; // bytes

/** Intact archives of every kind, in the forms that a reader tells apart. */
export function archiveSeeds(): readonly ArchiveSeed[] {
  const of = (kind: ArchiveKind, all: Readonly<Record<string, Buffer>>) =>
    Object.entries(all).map(([name, bytes]): ArchiveSeed => ({ kind, name, bytes }));
  return [
    ...of('tar', tars),
    ...of('gzip', {
      one: gzipSync(MEMBERS_TAR),
      stored: gzipSync(MEMBERS_TAR, { level: 0 }),
      two: Buffer.concat([gzipSync(MEMBERS_TAR.subarray(0, HALF)), gzipSync(MEMBERS_TAR.subarray(HALF))]),
    }),
    ...of('zstd', {
      best: readFileSync(join(ROOT, 'fixtures/zstd/members.tar.zst')),
      raw: zstdOf(MEMBERS_TAR, 1000),
      two: Buffer.concat([zstdOf(MEMBERS_TAR.subarray(0, HALF)), zstdOf(MEMBERS_TAR.subarray(HALF))]),
    }),
    ...of('zip', {
      stored: zipOf(MEMBERS),
      deflated: zipOf(MEMBERS.map((member) => ({ ...member, method: DEFLATED }))),
      zip64: zipOf(
        MEMBERS.map((member) => ({ ...member, isZip64: true, method: DEFLATED })),
        { isZip64: true },
      ),
      streamed: zipOf(MEMBERS.map((member) => ({ ...member, hasDescriptor: true, method: DEFLATED }))),
    }),
    ...of('parquet', { pages: manyPages(), ...parquetFixtures() }),
  ];
}

function manyPages(): Buffer {
  const pages = CONTENTS.map((content) => page(plain(content), { rows: 1 }));
  return parquetOf([
    { rows: pages.length, pages },
    { rows: 2, pages: [page(plain('one', 'two'), { rows: 2 })] },
  ]);
}

function parquetFixtures(): Readonly<Record<string, Buffer>> {
  const folder = join(ROOT, 'fixtures/parquet');
  const names = readdirSync(folder).filter((name) => name.endsWith('.parquet'));
  return Object.fromEntries(
    names.map((name) => [name.replace('.parquet', ''), readFileSync(join(folder, name))]),
  );
}
