import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { openZip } from '../../../src/formats/pytorch/zip.js';
import { assertRefuses, fixture, isRead, makeZip, type ZipFile } from './support.js';

const content = (text: string) => new TextEncoder().encode(text);
const stored = (name: string, text: string): ZipFile => ({ name, content: content(text) });

function deflated(name: string, text: string): ZipFile {
  const bytes = content(text);
  return { name, content: deflateRawSync(bytes), method: 8, bytes: bytes.byteLength, crc32: crc32(bytes) };
}

/** Deflates this many MiB of zeros without holding them: repeats the blocks of 1 MiB. */
function deflatedZeros(mebibytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([...Array<Buffer>(mebibytes).fill(block), Buffer.from([3, 0])]);
}

const ZIP_MODULE = new URL('../../../src/formats/pytorch/zip.js', import.meta.url).href;

/** Reads all files of the zip on standard input, and prints why it was refused and how the peak memory grew. */
const PROGRAM = `
  import { buffer } from 'node:stream/consumers';
  import { resourceUsage } from 'node:process';
  import { openZip } from '${ZIP_MODULE}';
  const bytes = await buffer(process.stdin);
  const before = resourceUsage().maxRSS;
  let message;
  try {
    const zip = await openZip(bytes, 'x.pth');
    for (const name of zip.names) zip.read(name);
  } catch (error) {
    message = error.message;
  }
  console.log(JSON.stringify({ message, grownKibibytes: resourceUsage().maxRSS - before }));
`;

/** Runs in a separate process, because the peak of this one includes all earlier tests. */
function refusalApart(zip: Buffer): { readonly message?: string; readonly grownKibibytes: number } {
  const args = ['--input-type=module', '-e', PROGRAM];
  return JSON.parse(execFileSync(process.execPath, args, { input: zip, encoding: 'utf8' }));
}

/** Changes the count of files in the end record of a zip. */
function withCount(zip: Buffer, count: number): Buffer {
  zip.writeUInt16LE(count, zip.length - 12);
  return zip;
}

/** Changes both sizes of the first file in the directory of a zip. */
function withSize(zip: Buffer, size: number): Buffer {
  const entry = zip.indexOf('PK\x01\x02');
  zip.writeUInt32LE(size, entry + 20);
  zip.writeUInt32LE(size, entry + 24);
  return zip;
}

describe('openZip', () => {
  it('reads stored files as views, and inflates deflated ones', async () => {
    const bytes = makeZip([
      stored('a/b', 'stored'),
      deflated('c', 'deflated'),
      stored('empty', ''),
      deflated('nothing', ''),
    ]);
    const zip = await openZip(bytes, 'x.pth');
    assert.deepEqual(zip.names, ['a/b', 'c', 'empty', 'nothing']);
    assert.deepEqual(
      zip.names.map((name) => new TextDecoder().decode(zip.read(name))),
      ['stored', 'deflated', '', ''],
    );
    assert.equal(zip.read('a/b').buffer, bytes.buffer);
  });

  it('reads zip64 fields, and a zip with a comment at an odd offset in its buffer', async () => {
    const bytes = makeZip([stored('a', 'first'), { ...stored('b', 'second'), zip64: true }], 'a comment');
    const zip = await openZip(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3), 'x.pth');
    assert.equal(new TextDecoder().decode(zip.read('b')), 'second');
  });

  it("reads PyTorch's own zips, with zip64 records, padding and data descriptors", async () => {
    const zip = await openZip(fixture('ddp.pth'), 'x.pth');
    assert.equal(new TextDecoder().decode(zip.read('archive/version')), '3\n');
  });

  it('ignores a CRC-32 of 0, which means that it was not computed', async () => {
    const zip = await openZip(makeZip([{ ...stored('a', 'text'), crc32: 0 }]), 'x.pth');
    assert.equal(zip.read('a').byteLength, 4);
  });

  const bad: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an empty file', new Uint8Array(0), /directory is missing or damaged \(.*truncated/],
    ['a zip without its last byte', makeZip([stored('a', 'x')]).subarray(0, -1), /truncated/],
    [
      'a zip without its first byte',
      makeZip([stored('a', 'x')]).subarray(1),
      /directory is missing or damaged \(invalid central directory file header/,
    ],
    [
      'a directory that was cut',
      withCount(makeZip([stored('a', 'x')]), 2),
      /missing or damaged \(the archive ends within its directory\)/,
    ],
    [
      'a directory with more entries than it states',
      withCount(makeZip([stored('a', 'x'), stored('b', 'y')]), 1),
      /the directory does not end at byte \d+, after the 1 entries that it states/,
    ],
    [
      'a directory that states none',
      withCount(makeZip([stored('a', 'x')]), 0),
      /the directory does not end at byte \d+, after the 0 entries that it states/,
    ],
    ['two files of one name', makeZip([stored('a', 'x'), stored('a', 'y')]), /two files of the same name/],
    [
      'files that are one and the same place',
      makeZip([stored('a', 'x'), { ...stored('b', 'y'), headerAt: 0, localName: 'b' }]),
      /"b" has another name in its own header, "a"/,
    ],
    [
      'a file within another',
      makeZip([
        { name: 'outer', content: makeZip([stored('b', 'x')]) },
        { ...stored('b', 'x'), headerAt: 35 },
      ]),
      /"b" at byte 35 overlaps the one that ends at/,
    ],
    [
      'a file past the directory',
      makeZip([{ ...stored('a', 'x'), headerAt: 5000 }]),
      /"a" is not at byte 5000/,
    ],
    [
      'a file that runs into the directory',
      withSize(makeZip([stored('a', 'x')]), 2),
      /"a" ends at byte 33, past the directory at 32/,
    ],
    [
      'a huge place',
      makeZip([{ ...stored('a', 'x'), headerAt: 2 ** 53, zip64: true }]),
      /"a" is not at byte/,
    ],
    ['encryption', makeZip([{ ...stored('a', 'x'), flags: 1 }]), /"a" is encrypted/],
    [
      'another method',
      makeZip([{ ...stored('a', 'x'), method: 12 }]),
      /"a" is packed by method 12; readable are 0/,
    ],
    [
      'a stored file of two sizes',
      makeZip([{ ...stored('a', 'x'), bytes: 2 }]),
      /stored in 1 bytes; it declares 2/,
    ],
    [
      'a name that is not UTF-8',
      makeZip([stored('a', 'x')]).map((byte) => (byte === 0x61 ? 0xff : byte)),
      /has another name in its own header, "\\ufffd"/,
    ],
  ];
  for (const [what, bytes, message] of bad) {
    it(`refuses ${what}`, () => assertRefuses(() => openZip(bytes, 'x.pth'), message));
  }

  const damaged: readonly (readonly [string, ZipFile, RegExp])[] = [
    ['a wrong CRC-32', { ...stored('a', 'x'), crc32: 7 }, /"a" is damaged: its CRC-32/],
    ['a wrong CRC-32 of deflated bytes', { ...deflated('a', 'x'), crc32: 7 }, /"a" is damaged: its CRC-32/],
    ['less than it declares', { ...deflated('a', 'xyz'), bytes: 9 }, /inflates to 3 bytes; it declares 9/],
    ['more than it declares', { ...deflated('a', 'xyz'), bytes: 2 }, /does not inflate to the 2 bytes/],
    ['what does not inflate', { ...stored('a', 'xyz'), method: 8 }, /does not inflate to the 3 bytes/],
  ];
  for (const [what, file, message] of damaged) {
    it(`refuses to read ${what}`, async () => {
      const zip = await openZip(makeZip([file]), 'x.pth');
      await assertRefuses(() => zip.read('a'), message);
    });
  }

  it('refuses to read a missing file', async () => {
    const zip = await openZip(makeZip([stored('a', 'x')]), 'x.pth');
    await assertRefuses(() => zip.read('b'), /no file "b"/);
  });

  it('refuses zip bombs in bounded memory', () => {
    const gibibyte = deflatedZeros(1024);
    const honest = makeZip([{ name: 'a', content: gibibyte, method: 8, bytes: 2 ** 30 }]);
    const lying = makeZip([{ name: 'a', content: gibibyte, method: 8, bytes: 1000 }]);
    const bombs = [honest, lying].map((zip) => {
      const { message, grownKibibytes } = refusalApart(zip);
      assert.ok(grownKibibytes < 256 * 1024, `it takes ${grownKibibytes} KiB`); // a quarter of its content
      return message;
    });
    assert.match(bombs[0] ?? '', /inflates to 1073741824 bytes; a file of \d+ bytes may have 67108864/);
    assert.match(bombs[1] ?? '', /does not inflate to the 1000 bytes/);
  });

  it('reads or refuses any damaged zip, and throws no other errors', async () => {
    const files = [
      stored('a', 'some text'),
      deflated('b', 'some text'),
      { ...stored('c', 'third'), zip64: true },
    ];
    const readAll = async (bytes: Uint8Array) => {
      const zip = await openZip(bytes, 'x.pth');
      for (const name of zip.names) zip.read(name);
    };
    const whole = makeZip(files);
    await readAll(whole);
    for (let length = 0; length < whole.byteLength; length++) {
      assert.ok(!(await isRead(() => readAll(whole.subarray(0, length)))), `${length} bytes`);
    }
    for (let at = 0; at < whole.byteLength; at++) {
      const byte = whole[at] ?? 0;
      for (const value of [byte ^ 0xff, byte ^ 0x80, byte ^ 0x01, byte + 1, 0]) {
        const changed = Uint8Array.from(whole);
        changed[at] = value;
        await isRead(() => readAll(changed));
      }
    }
  });
});
