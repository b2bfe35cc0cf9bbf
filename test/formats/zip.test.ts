import assert from 'node:assert/strict';
import { constants, deflateRawSync } from 'node:zlib';
import { FormatError } from '../../src/errors.js';
import type { ReadAt } from '../../src/formats/read-at.js';
import { isReadable, readZipHead, readZipMember, type ZipMember, zipMembers } from '../../src/formats/zip.js';
import { changedBytes, DEFLATED, ENCRYPTED, UTF8, type ZipEntry, zipOf } from '../support/archives.js';

const MiB = 2 ** 20;

const TEXT = 'the bytes of an image, '.repeat(20);

const readerOf =
  (bytes: Buffer): ReadAt =>
  async (position, length) =>
    bytes.subarray(position, position + length);

describe('zipMembers', () => {
  /** Lists a zip to its end, or to the FormatError that ends it; any other error fails the test. */
  async function listed(bytes: Buffer) {
    const members: ZipMember[] = [];
    try {
      for await (const member of zipMembers(readerOf(bytes), bytes.byteLength)) members.push(member);
      return { members, error: undefined };
    } catch (error) {
      assert.ok(error instanceof FormatError, error instanceof Error ? error.stack : String(error));
      return { members, error: error.message };
    }
  }

  /** Lists a whole zip. */
  async function membersOf(entries: readonly ZipEntry[], options?: Parameters<typeof zipOf>[1]) {
    const bytes = zipOf(entries, options);
    const { members, error } = await listed(bytes);
    assert.equal(error, undefined);
    return { bytes, members };
  }

  /** Reads the only member of a zip; returns the message if it cannot be read. */
  async function contentOf(entry: ZipEntry): Promise<string> {
    const { bytes, members } = await membersOf([entry]);
    return contentIn(bytes, members[0] as ZipMember);
  }

  async function contentIn(bytes: Buffer, member: ZipMember): Promise<string> {
    try {
      return Buffer.from(await readZipMember(readerOf(bytes), member)).toString();
    } catch (error) {
      assert.ok(error instanceof FormatError, error instanceof Error ? error.stack : String(error));
      return `refused: ${error.message}`;
    }
  }

  it('lists members in the order of the directory, and reads stored and deflated ones', async () => {
    const { bytes, members } = await membersOf([
      { name: 'b.png', content: TEXT },
      { name: 'folder/' },
      { name: 'folder/a.png', content: TEXT, method: DEFLATED },
      { name: 'empty.png' },
      { name: 'empty deflated.png', method: DEFLATED },
      { name: 'folder/a.png', content: 'another of this name' },
    ]);
    const shown: unknown[] = [];
    for (const member of members)
      shown.push([member.name, member.isFolder, member.size, await contentIn(bytes, member)]);
    assert.deepEqual(shown, [
      ['b.png', false, TEXT.length, TEXT],
      ['folder/', true, 0, ''],
      ['folder/a.png', false, TEXT.length, TEXT],
      ['empty.png', false, 0, ''],
      ['empty deflated.png', false, 0, ''],
      ['folder/a.png', false, 20, 'another of this name'],
    ]);
    assert.deepEqual(
      members.map(({ header }) => bytes.readUInt32LE(header)),
      Array(6).fill(0x04034b50),
    );
  });

  it('lists an empty archive, and one with a comment', async () => {
    assert.deepEqual((await membersOf([])).members, []);
    const { members } = await membersOf([{ name: 'a' }], { comment: 'not a PK\x05\x06 archive' });
    assert.equal(members.length, 1);
  });

  it('takes the sizes of streamed members from the directory', async () => {
    for (const method of [0, DEFLATED])
      assert.equal(await contentOf({ name: 'a', content: TEXT, method, hasDescriptor: true }), TEXT);
  });

  it('reads zip64 members and a zip64 directory', async () => {
    for (const method of [0, DEFLATED])
      assert.equal(await contentOf({ name: 'a', content: TEXT, method, isZip64: true }), TEXT);
    const entries = [
      { name: 'a', content: 'x' },
      { name: 'b', content: TEXT, isZip64: true },
    ];
    const { bytes, members } = await membersOf(entries, { isZip64: true });
    assert.deepEqual(await Promise.all(members.map((member) => contentIn(bytes, member))), ['x', TEXT]);
  });

  it('decodes names without a flag as UTF-8 if made on Unix and valid', async () => {
    const latin1 = Buffer.from('caf\xe9.png', 'latin1');
    const { members } = await membersOf([
      { name: 'ü.png' },
      { name: 'ü.png', host: 0 }, // DOS
      { name: latin1 },
    ]);
    assert.deepEqual(
      members.map(({ name }) => name),
      ['ü.png', '├╝.png', 'cafΘ.png'],
    );
  });

  it('decodes names as UTF-8 or CP437, as their flags say', async () => {
    const { members } = await membersOf([
      { name: 'Ünï🦊.png', flags: UTF8 },
      { name: Buffer.from([0x81, 0x2e, 0x70, 0x6e, 0x67]) }, // CP437's ü
      { name: '/etc/../../a.png' },
    ]);
    assert.deepEqual(
      members.map(({ name }) => name),
      ['Ünï🦊.png', 'ü.png', '/etc/../../a.png'],
    );
  });

  it('tells which names are not the UTF-8 that their flags state', async () => {
    const latin1 = Buffer.from('caf\xe9.png', 'latin1');
    const { members } = await membersOf([
      { name: latin1, flags: UTF8 },
      { name: latin1 }, // in CP437
      { name: 'caf\uFFFD\\a.png', flags: UTF8 },
    ]);
    assert.deepEqual(
      members.map(({ name, isUtf8 }) => [name, isUtf8]),
      [
        ['caf\uFFFD.png', false],
        ['cafΘ.png', true],
        ['caf\uFFFD/a.png', true],
      ],
    );
  });

  it('tells which members it cannot read: links, encrypted ones, other methods', async () => {
    const { members } = await membersOf([
      { name: 'link', content: 'a.png', mode: 0o120777 },
      { name: 'file', content: 'x', mode: 0o100644 },
      { name: 'secret', content: 'x', packed: Buffer.alloc(13), flags: ENCRYPTED },
      { name: 'lzma', content: 'x', method: 14 },
    ]);
    assert.deepEqual(
      members.map((member) => [member.isLink, member.isEncrypted, member.method, isReadable(member)]),
      [
        [true, false, 0, true],
        [false, false, 0, true],
        [false, true, 0, false],
        [false, false, 14, false],
      ],
    );
  });

  it('lists a member with wrong sizes, and those after it', async () => {
    const { members } = await membersOf([{ name: 'a', content: 'x', size: 9 }, { name: 'b' }]);
    assert.deepEqual(
      members.map(({ name, size }) => [name, size]),
      [
        ['a', 9],
        ['b', 0],
      ],
    );
  });

  it('refuses members whose CRC-32, size or bytes are wrong', async () => {
    const packed = deflateRawSync(TEXT);
    const a = { name: 'a', content: TEXT };
    const refused: readonly (readonly [Partial<ZipEntry>, RegExp])[] = [
      [{ crc32: 1 }, /^refused: the CRC-32 of the member is wrong$/],
      [{ method: DEFLATED, crc32: 1 }, /^refused: the CRC-32 of the member is wrong$/],
      [{ method: DEFLATED, size: TEXT.length - 1 }, /^refused: the member inflates beyond its size$/],
      [
        { method: DEFLATED, size: TEXT.length + 1 },
        /^refused: the member has 460 bytes; the directory states 461$/,
      ],
      [
        { method: DEFLATED, packed: packed.subarray(0, -9) },
        /^refused: the member has \d+ bytes; the directory/,
      ],
      [{ method: DEFLATED, packed: Buffer.alloc(20, 0xff) }, /^refused: the member cannot be inflated$/],
      [
        { method: DEFLATED, packed: Buffer.of() },
        /^refused: the member has 0 bytes; the directory states 460$/,
      ],
      [{ method: DEFLATED, packedSize: 900 }, /^refused: the archive ends after \d+ of 900 bytes$/],
      [{ size: 459 }, /^refused: the member has 460 bytes; the directory states 459$/],
      [{ packedSize: 459 }, /^refused: the member has 459 bytes; the directory states 460$/],
      [{ header: 1 }, /^refused: there is no member at byte 1$/],
      [{ header: 2 ** 31 }, /^refused: there is no member at byte 2147483648$/],
    ];
    for (const [wrong, expected] of refused) assert.match(await contentOf({ ...a, ...wrong }), expected);
  });

  it('refuses sizes that lie by much, without reserving memory for them', async () => {
    for (const lie of [2 ** 31, 2 ** 40, 2 ** 52]) {
      const huge = { name: 'a', content: TEXT, method: DEFLATED, isZip64: true, packedSize: lie };
      const { bytes, members } = await membersOf([huge]);
      let most = 0;
      const read: ReadAt = async (position, length) => {
        most = Math.max(most, length);
        return bytes.subarray(position, position + length);
      };
      await assert.rejects(readZipMember(read, members[0] as ZipMember), FormatError);
      assert.ok(most < 4096, `${most} bytes wanted`);
    }
  });

  it('refuses a member that inflates to far more than its size, and keeps no more than that of it', async () => {
    const zeros = deflateRawSync(Buffer.alloc(MiB), { finishFlush: constants.Z_FULL_FLUSH });
    const packed = Buffer.concat(Array(1024).fill(zeros)); // of 1 GiB, in about 1 MiB
    const content = 'x'.repeat(2 * MiB);
    const { bytes, members } = await membersOf([{ name: 'bomb', content, method: DEFLATED, packed }]);
    const member = members[0] as ZipMember;
    const before = process.resourceUsage().maxRSS;
    assert.equal(await contentIn(bytes, member), 'refused: the member inflates beyond its size');
    const head = await readZipHead(readerOf(bytes), member, 4096);
    assert.deepEqual(Buffer.from(head), Buffer.alloc(4096));
    const grown = (process.resourceUsage().maxRSS - before) / 1024;
    assert.ok(grown < 64, `${grown} MiB`);
  });

  it('reads the first bytes of a member, and none of a damaged one', async () => {
    const long = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i) % 251));
    const headOf = async (entry: Partial<ZipEntry>) => {
      const { bytes, members } = await membersOf([{ name: 'a', content: long, ...entry }]);
      let read = 0;
      const counting: ReadAt = async (position, length) => {
        const part = bytes.subarray(position, position + length);
        read += part.byteLength;
        return part;
      };
      const head = Buffer.from(await readZipHead(counting, members[0] as ZipMember, 100));
      assert.ok(read < 200, `${read} bytes read`);
      return head;
    };
    for (const method of [0, DEFLATED]) {
      const head = await headOf({ method });
      assert.ok(head.length === 100 || (method === DEFLATED && head.length > 0), `${head.length} bytes`);
      assert.deepEqual(head, long.subarray(0, head.length));
      assert.deepEqual(String(await headOf({ method, content: 'short' })), 'short');
      assert.equal((await headOf({ method, header: 1 })).length, 0);
    }
    assert.equal((await headOf({ method: DEFLATED, packed: Buffer.alloc(20, 0xff) })).length, 0);
  });

  it('refuses what is no zip, and a directory of many disks or with strong encryption', async () => {
    for (const bytes of [
      Buffer.of(),
      Buffer.from('no archive'),
      Buffer.alloc(100_000),
      Buffer.from('PK\x03\x04'),
    ])
      assert.match((await listed(bytes)).error ?? '', /^End of central directory record signature not found/);
    const { error } = await listed(zipOf([{ name: 'a', flags: 0x40 }]));
    assert.equal(error, 'strong encryption is not supported');
  });

  it('passes on an error of the file system as it is', async () => {
    const error = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
    await assert.rejects(zipMembers(() => Promise.reject(error), 1000).next(), error);
  });

  // Members of every kind
  const ENTRIES: readonly ZipEntry[] = [
    { name: 'a', content: 'stored' },
    { name: 'b', content: TEXT, method: DEFLATED, hasDescriptor: true },
    { name: 'c', content: TEXT, method: DEFLATED, isZip64: true },
  ];

  for (const isZip64 of [false, true]) {
    const directory = isZip64 ? 'zip64' : 'plain';

    it(`refuses a truncated archive with a ${directory} directory, wherever it is cut`, async () => {
      const whole = zipOf(ENTRIES, { isZip64 });
      for (let length = 0; length < whole.byteLength; length++) {
        const { members, error } = await listed(whole.subarray(0, length));
        assert.deepEqual(members, [], `cut at ${length}`);
        assert.ok(error !== undefined, `cut at ${length}`);
      }
    });

    it(`refuses a ${directory} directory of more members or another length than it states`, async () => {
      const end = isZip64 ? { at: 56 + 20 + 22, count: 32, length: 40 } : { at: 22, count: 10, length: 12 };
      const refusal = async (field: number, change: number) => {
        const bytes = zipOf(ENTRIES, { isZip64 });
        const at = bytes.byteLength - end.at + field;
        bytes.writeUInt16LE(bytes.readUInt16LE(at) + change, at);
        const { members, error } = await listed(bytes);
        return [members.length, error?.replace(/\d+/g, 'N')];
      };
      const longer = 'the directory does not end at byte N, after the N entries that it states';
      assert.deepEqual(await refusal(end.count, -1), [2, longer]);
      assert.deepEqual(await refusal(end.count, -3), [0, longer]);
      for (const change of [-1, 1])
        assert.deepEqual(await refusal(end.length, change), [
          3,
          'the directory has N bytes; its end states N',
        ]);
    });

    it(`never reads wrong bytes for a member, whichever byte changes in an archive with a ${directory} directory`, async () => {
      const whole = zipOf(ENTRIES, { isZip64 });
      const { members: all } = await listed(whole);
      const contents = new Map(ENTRIES.map(({ content }, i) => [all[i]?.header, content]));
      for (const { what, changed } of changedBytes(whole)) {
        const { members, error } = await listed(changed);
        assert.ok(members.length <= all.length || error !== undefined, what);
        for (const member of members) {
          if (!isReadable(member) || member.size > MiB) continue;
          const content = await contentIn(changed, member);
          assert.ok(content === contents.get(member.header) || content.startsWith('refused: '), what);
        }
      }
    });
  }

  it('refuses a zip64 directory that lies', async () => {
    const whole = zipOf(ENTRIES, { isZip64: true });
    const locator = whole.byteLength - 22 - 20;
    const lies: readonly (readonly [number, bigint])[] = [
      [locator + 8, 2n ** 63n], // where the directory's end is
      [locator + 8, 2n ** 53n],
      [locator - 56 + 48, 2n ** 63n], // where the directory begins
      [locator - 56 + 48, 2n ** 53n],
      [locator - 56 + 32, 2n ** 63n], // how many members it has
    ];
    for (const [at, value] of lies) {
      const bytes = Buffer.from(whole);
      bytes.writeBigUInt64LE(value, at);
      assert.ok((await listed(bytes)).error !== undefined, `${value} at ${at}`);
    }
  });
});
