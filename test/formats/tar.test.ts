import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormatError } from '../../src/errors.js';
import type { ReadAt } from '../../src/formats/read-at.js';
import { type TarMember, tarMembers } from '../../src/formats/tar.js';
import {
  base256,
  changedBytes,
  longLink,
  longName,
  mapBlock,
  pax,
  paxOf,
  TAR_END,
  type TarEntry,
  tarEntry,
  tarOf,
  withChecksum,
} from '../support/archives.js';

const MiB = 2 ** 20;

const readerOf =
  (bytes: Buffer): ReadAt =>
  async (position, length) =>
    bytes.subarray(position, position + length);

/** Lists a tar to its end, or to the FormatError that ends it; any other error fails the test. */
async function listed(bytes: Buffer, at?: number) {
  const members: TarMember[] = [];
  try {
    for await (const member of tarMembers(readerOf(bytes), at)) members.push(member);
    return { members, error: undefined };
  } catch (error) {
    assert.ok(error instanceof FormatError, error instanceof Error ? error.stack : String(error));
    return { members, error: error.message };
  }
}

/** Lists a whole tar. */
async function membersOf(...parts: readonly (TarEntry | Buffer)[]): Promise<readonly TarMember[]> {
  const { members, error } = await listed(tarOf(...parts));
  assert.equal(error, undefined);
  return members;
}

/** Lists a tar that holds one member. */
async function memberOf(...parts: readonly (TarEntry | Buffer)[]): Promise<TarMember> {
  const members = await membersOf(...parts);
  assert.equal(members.length, 1);
  return members[0] as TarMember;
}

const namesOf = (members: readonly TarMember[]) => members.map(({ name }) => name);

const LONG = `${'folder/'.repeat(30)}photo.png`;

describe('tarMembers', () => {
  it('lists members of v7, ustar and GNU archives in order, with the places of their bytes', async () => {
    const bytes = tarOf(
      { name: 'v7.png', content: 'seven', magic: 'v7', type: '\0' },
      { name: 'ustar.png', content: 'u'.repeat(513) },
      { name: 'gnu.png', content: 'g'.repeat(512), magic: 'gnu' },
      { name: 'empty.png' },
      { name: 'contiguous.png', content: 'c', type: '7' },
    );
    const { members, error } = await listed(bytes);
    assert.equal(error, undefined);
    assert.deepEqual(
      members.map(({ name, kind, header, offset, size }) => [name, kind, header, offset, size]),
      [
        ['v7.png', 'file', 0, 512, 5],
        ['ustar.png', 'file', 1024, 1536, 513],
        ['gnu.png', 'file', 2560, 3072, 512],
        ['empty.png', 'file', 3584, 4096, 0],
        ['contiguous.png', 'file', 4096, 4608, 1],
      ],
    );
    assert.deepEqual(
      members.map(({ offset, size }) => bytes.toString('latin1', offset, offset + size)),
      ['seven', 'u'.repeat(513), 'g'.repeat(512), '', 'c'],
    );
  });

  it('tells files, folders, links, and what is none of these', async () => {
    const members = await membersOf(
      { name: 'folder/', type: '5' },
      { name: 'v7 folder/', type: '\0', magic: 'v7' },
      { name: 'hard', type: '1', link: 'a.png', size: 4000 }, // of what it leads to; no bytes follow
      { name: 'symbolic', type: '2', link: '../a.png' },
      { name: 'terminal', type: '3' },
      { name: 'disk', type: '4' },
      { name: 'pipe', type: '6' },
      { name: 'label', type: 'V', magic: 'gnu' },
      { name: 'unknown', type: 'Z', content: 'is skipped' },
      { name: 'last', content: 'x' },
    );
    assert.deepEqual(
      members.map(({ name, kind, link, size }) => [name, kind, link, size]),
      [
        ['folder/', 'folder', '', 0],
        ['v7 folder/', 'folder', '', 0],
        ['hard', 'link', 'a.png', 0],
        ['symbolic', 'link', '../a.png', 0],
        ['terminal', 'other', '', 0],
        ['disk', 'other', '', 0],
        ['pipe', 'other', '', 0],
        ['label', 'other', '', 0],
        ['unknown', 'other', '', 10],
        ['last', 'file', '', 1],
      ],
    );
  });

  it('reads long names of ustar, GNU and PAX archives, each for one member only', async () => {
    const members = await membersOf(
      { name: 'photo.png', prefix: 'folder/'.repeat(20).slice(0, -1) },
      { name: 'n'.repeat(100) }, // fills its field
      longName(LONG),
      { name: LONG, magic: 'gnu' },
      pax({ path: LONG, mtime: '1.5', comment: 'a=b\n20 path=wrong\n' }),
      { name: LONG },
      { name: 'short.png' },
    );
    assert.deepEqual(namesOf(members), [
      `${'folder/'.repeat(20)}photo.png`,
      'n'.repeat(100),
      LONG,
      LONG,
      'short.png',
    ]);
  });

  it('ignores the prefix of GNU headers, where they keep times', async () => {
    assert.equal((await memberOf({ name: 'a.png', prefix: '01234567', magic: 'gnu' })).name, 'a.png');
  });

  it('reads long targets of links, before or after a long name', async () => {
    const link = { name: 'link', type: '2', link: 'short' };
    for (const headers of [
      [longLink(LONG), longName('name')],
      [longName('name'), longLink(LONG)],
      [pax({ linkpath: LONG, path: 'name' })],
    ]) {
      const member = await memberOf(...headers, link);
      assert.deepEqual([member.name, member.link, member.header], ['name', LONG, 0]);
    }
  });

  it('begins a member where the headers before it begin', async () => {
    const first = tarEntry({ name: 'a', content: 'x' });
    const headers = Buffer.concat([longName(LONG), pax({ size: '5' })]);
    const bytes = tarOf(first, headers, { name: 'b', content: 'five.', size: 0 });
    const { members } = await listed(bytes);
    const [, b] = members;
    assert.deepEqual([b?.name, b?.header, b?.size], [LONG, first.byteLength, 5]);
    assert.deepEqual(await listed(bytes, first.byteLength), { members: [b], error: undefined });
  });

  it('prefers the size of a PAX header, and skips that many bytes', async () => {
    const members = await membersOf(
      pax({ size: '600' }),
      { name: 'a', content: 'x'.repeat(600), size: 0 },
      { name: 'b', content: 'y' },
    );
    assert.deepEqual(
      members.map(({ name, size }) => [name, size]),
      [
        ['a', 600],
        ['b', 1],
      ],
    );
  });

  it('reads sizes in base 256, and octal ones with spaces around them', async () => {
    for (const size of [base256(700n), Buffer.from('       1274 '), Buffer.from('000000001274')]) {
      const members = await membersOf({ name: 'a', content: 'x'.repeat(700), size }, { name: 'b' });
      assert.deepEqual(
        members.map((member) => member.size),
        [700, 0],
      );
    }
  });

  it('applies a global PAX header to all later members, unless one has its own', async () => {
    const members = await membersOf(
      { name: 'before' },
      pax({ path: 'global' }, 'g'),
      { name: 'a' },
      pax({ path: 'own' }),
      { name: 'b' },
      { name: 'c' },
      pax({ comment: 'a git commit' }, 'g'),
      { name: 'd' },
    );
    assert.deepEqual(namesOf(members), ['before', 'global', 'own', 'global', 'global']);
  });

  it('takes an empty value of a PAX header for none', async () => {
    const members = await membersOf(
      pax({ path: 'global' }, 'g'),
      pax({ path: '', size: '', linkpath: '' }),
      { name: 'a', content: 'x'.repeat(600) },
      { name: 'b' },
    );
    assert.deepEqual(
      members.map(({ name, size }) => [name, size]),
      [
        ['a', 600],
        ['global', 0],
      ],
    );
  });

  it('tells sparse members of GNU and PAX, and skips their maps and bytes', async () => {
    const gnu = tarEntry({
      name: 'gnu',
      type: 'S',
      content: 'x'.repeat(512),
      magic: 'gnu',
      map: 'continues',
    });
    const bytes = tarOf(
      { name: 'short map', type: 'S', content: 'x', magic: 'gnu', map: 'ends' },
      Buffer.concat([gnu.subarray(0, 512), mapBlock(true), mapBlock(false), gnu.subarray(512)]),
      pax({ 'GNU.sparse.major': '1', 'GNU.sparse.name': 'pax', 'GNU.sparse.realsize': '99999' }),
      { name: 'GNUSparseFile.0/pax', content: 'x'.repeat(1024) },
      { name: 'last' },
    );
    const { members, error } = await listed(bytes);
    assert.equal(error, undefined);
    assert.deepEqual(
      members.map(({ name, kind, offset, header, size }) => [name, kind, offset - header, size]),
      [
        ['short map', 'sparse', 512, 1],
        ['gnu', 'sparse', 3 * 512, 512],
        ['pax', 'sparse', 3 * 512, 1024],
        ['last', 'file', 512, 0],
      ],
    );
  });

  it('keeps names as they are stored, and tells those that are not UTF-8', async () => {
    const latin1 = Buffer.from('caf\xe9.png', 'latin1');
    const odd = [
      './a.png',
      '/etc/a.png',
      '../../a.png',
      'a\nb.png',
      'Ünï🦊.png',
      '\uFFFD.png',
      'a.png',
      'a.png',
    ];
    const members = await membersOf(
      ...odd.map((name) => ({ name })),
      { name: latin1 },
      longName(latin1),
      { name: 'x' },
      pax({ path: latin1 }),
      { name: 'x' },
    );
    assert.deepEqual(namesOf(members), [...odd, ...Array(3).fill('caf\uFFFD.png')]);
    assert.deepEqual(
      members.map(({ isUtf8 }) => isUtf8),
      [...odd.map(() => true), false, false, false],
    );
  });

  it('accepts checksums of signed bytes, as some old tars wrote them', async () => {
    const name = Buffer.from('\xe9\xe8.png', 'latin1');
    const header = tarEntry({ name });
    const signed = withChecksum(Buffer.from(header), { signed: true });
    assert.ok(!signed.equals(header));
    assert.equal((await memberOf(signed)).isUtf8, false);
  });

  it('ends at the first block of zeros, or where the file ends', async () => {
    const [a, b] = [tarEntry({ name: 'a', content: 'x' }), tarEntry({ name: 'b' })];
    for (const bytes of [
      Buffer.concat([a, TAR_END, b]),
      Buffer.concat([a, Buffer.alloc(512)]),
      Buffer.concat([a, Buffer.alloc(100)]),
      a,
      a.subarray(0, 513), // without the padding behind its bytes
    ])
      assert.deepEqual(namesOf((await listed(bytes)).members), ['a'], String(bytes.byteLength));
    assert.deepEqual(await listed(Buffer.of()), { members: [], error: undefined });
    assert.deepEqual(await listed(TAR_END), { members: [], error: undefined });
  });

  it('refuses what has no header where a member would begin', async () => {
    const text = Buffer.from('This is no archive. '.repeat(100));
    assert.equal((await listed(text)).error, 'there is no tar header at byte 0');
    const { members, error } = await listed(tarOf({ name: 'a', content: 'x' }, text.subarray(0, 512)));
    assert.deepEqual([namesOf(members), error], [['a'], 'there is no tar header at byte 1024']);
    const unnamed = await listed(tarOf(longName(LONG))); // the end instead of a member
    assert.match(unnamed.error ?? '', /no tar header at byte 1024/);
  });

  // An archive with headers of every kind
  const SPARSE = tarEntry({ name: 's', type: 'S', content: 'sparse', magic: 'gnu', map: 'continues' });
  const SMALL = tarOf(
    { name: 'a.png', content: 'first' },
    longName('long.png'),
    { name: 'x', content: 'y'.repeat(513), magic: 'gnu' },
    pax({ path: 'pax.png', size: '3' }),
    { name: 'x', content: 'pax' },
    { name: 'folder/', type: '5' },
    Buffer.concat([SPARSE.subarray(0, 512), mapBlock(false), SPARSE.subarray(512)]),
    { name: 'link', type: '2', link: 'a.png' },
    { name: 'last.png', content: 'last', size: base256(4n) },
  );

  it('lists what a truncated archive holds, and tells that it is truncated, wherever it is cut', async () => {
    const { members: all } = await listed(SMALL);
    assert.equal(all.length, 7);
    for (let length = 0; length <= SMALL.byteLength; length++) {
      const { members, error } = await listed(SMALL.subarray(0, length));
      const expected = all.filter(({ offset }) => offset <= length);
      assert.deepEqual(members, expected, `cut at ${length}`);
      const last = expected.at(-1);
      const isBetween =
        length >= (last === undefined ? 0 : last.offset + last.size) &&
        length <= (all[expected.length]?.header ?? SMALL.byteLength);
      if (isBetween) assert.equal(error, undefined, `cut at ${length}`);
      else
        assert.match(
          error ?? '',
          /^the archive ends within the (header|member) at byte \d+$/,
          `cut at ${length}`,
        );
    }
  });

  it('notices any changed byte of a header, and no changed byte of a member', async () => {
    const { members: all } = await listed(SMALL);
    const inData = (at: number) => all.some(({ offset, size }) => at >= offset && at < offset + size);
    const names = [all[1], all[2]].map((member) => (member?.header ?? 0) + 512);
    const inName = (at: number) => names.some((from) => at >= from && at < from + 512); // without a checksum
    const placesOf = (members: readonly TarMember[]) =>
      members.map(({ kind, header, offset }) => [kind, header, offset]);
    for (const { what, at, changed } of changedBytes(SMALL)) {
      const { members, error } = await listed(changed);
      const before = all.slice(0, members.length);
      if (inName(at)) assert.deepEqual(placesOf(members), placesOf(before), what);
      else assert.deepEqual(members, before, what);
      assert.ok(error !== undefined || members.length === all.length, what);
      if (inData(at)) assert.equal(error, undefined, what);
    }
    const noticed = Buffer.from(SMALL);
    noticed[156] = 0x35; // of a folder
    assert.deepEqual(await listed(noticed), { members: [], error: 'there is no tar header at byte 0' });
  });

  it('refuses sizes that are no numbers, negative or too large', async () => {
    for (const size of [
      Buffer.from('00000000008\0'), // not octal
      Buffer.from('-0000000001\0'),
      Buffer.from('0x000000010\0'),
      Buffer.from('1e000000000\0'),
      base256(-1n, 0xff),
      base256(-1n),
      base256(2n ** 52n),
      Buffer.alloc(12, 0x81),
    ]) {
      const { members, error } = await listed(tarOf({ name: 'a' }, { name: 'b', size }, { name: 'c' }));
      assert.deepEqual(
        [namesOf(members), error],
        [['a'], 'the header at byte 512 has an invalid size'],
        String(size),
      );
    }
  });

  it('ends at a member with more bytes than the archive, which it still lists', async () => {
    for (const size of [2049, 8 * 2 ** 30 - 1, base256(2n ** 52n - 1n)]) {
      const { members, error } = await listed(
        tarOf({ name: 'a' }, { name: 'b', content: 'x', size }, { name: 'c' }), // 2,048 bytes from the x on
      );
      assert.deepEqual(namesOf(members), ['a', 'b']);
      assert.equal(error, 'the archive ends within the member at byte 512');
    }
    const long = tarEntry({ name: 'x', type: 'L', content: 'name', magic: 'gnu', size: 5000 });
    assert.match((await listed(tarOf(long, { name: 'x' }))).error ?? '', /ends within the header at byte 0/);
  });

  it('refuses PAX records that lie about their length, or are none', async () => {
    for (const records of [
      '0 path=a\n',
      '5 path=a\n',
      '12 path=a\n',
      '99999 path=a\n',
      '-1 path=a\n',
      '9007199254740993 path=a\n',
      '10 path=ab',
      '11 path=ab\n11 path=ab\nx',
      '9 path a\n',
      'path=a\n',
      ' path=a\n',
      '1e1 path=a\n',
      '0x9 path=a\n',
      '\n',
    ]) {
      const { members, error } = await listed(tarOf({ name: 'a' }, paxOf(records), { name: 'b' }));
      assert.deepEqual([namesOf(members), error], [['a'], 'the PAX header at byte 512 is damaged'], records);
    }
  });

  it('refuses PAX sizes that are none', async () => {
    for (const size of ['-1', '1.5', '1e3', '0x10', 'x', ' ', '4503599627370496', 'Infinity', 'NaN']) {
      const { members, error } = await listed(tarOf(pax({ size }), { name: 'a', content: 'x' }));
      assert.deepEqual([members, error], [[], 'the header at byte 0 has an invalid size'], size);
    }
  });

  it('refuses headers and sparse maps without an end, and reads no more of them than a MiB', async () => {
    let most = 0;
    const watched =
      (bytes: Buffer): ReadAt =>
      async (position, length) => {
        most = Math.max(most, position + length);
        return bytes.subarray(position, position + length);
      };
    const map = tarEntry({ name: 's', type: 'S', magic: 'gnu', map: 'continues' });
    const endless: readonly (readonly [Buffer, RegExp])[] = [
      [tarEntry({ name: 'x', type: 'L', magic: 'gnu', size: 2 * MiB }), /headers at byte 0 have more than/],
      [tarEntry({ name: 'x', type: 'x', size: base256(2n ** 51n) }), /headers at byte 0 have more than/],
      [Buffer.concat(Array(3000).fill(longName('x'))), /headers at byte 0 have more than/],
      [Buffer.concat([map, ...Array(3000).fill(mapBlock(true))]), /the sparse map at byte 512 does not end/],
    ];
    for (const [bytes, expected] of endless) {
      most = 0;
      await assert.rejects(tarMembers(watched(bytes)).next(), (error) => {
        assert.ok(error instanceof FormatError);
        assert.match(error.message, expected);
        return true;
      });
      assert.ok(most <= MiB + 2048, `read up to ${most}`);
    }
  });

  it('lists the members of a 20 GB archive by their headers alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-tar-'));
    const handle = await open(join(folder, 'large.tar'), 'w+');
    try {
      const size = 100 * MiB;
      for (let i = 0; i < 200; i++)
        await handle.write(tarEntry({ name: `${i}.png`, size }), 0, 512, i * (size + 512));
      await handle.truncate(200 * (size + 512) + 1024); // holes, which read as zeros
      let bytes = 0;
      const counting: ReadAt = async (position, length) => {
        bytes += length;
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
        return buffer.subarray(0, bytesRead);
      };
      const names: string[] = [];
      for await (const { name } of tarMembers(counting)) names.push(name);
      assert.deepEqual([names.length, names.at(-1)], [200, '199.png']);
      assert.ok(bytes <= 512 * 201, `${bytes} bytes`);
    } finally {
      await handle.close();
      await rm(folder, { recursive: true });
    }
  });
});
