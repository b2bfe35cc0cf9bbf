import assert from 'node:assert/strict';
import { mulberry32, type Random } from '../../src/random.js';
import { readList } from '../../src/sources/list.js';
import { cutAtRandom, cutEverywhere } from '../support/cuts.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';

/** Returns the paths of a list, a failure as `code: path`, and last the error that refuses the list, if any. */
async function read(chunks: Iterable<Buffer>, nul = false): Promise<readonly string[]> {
  const entries: string[] = [];
  try {
    for await (const { path, failure } of readList(streamOf(chunks), { nul }))
      entries.push(failure === undefined ? path : `${failure.code}: ${path}`);
  } catch (error) {
    entries.push(`refused: ${(error as Error).message}`);
  }
  return entries;
}

async function* streamOf(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

const STRAY = (line: number) =>
  `refused: line ${line} of the list on standard input contains a NUL, which no path can contain`;
const UTF16 = 'refused: the list on standard input is UTF-16; expected UTF-8';

/** Lists with their entries, in the form that `read` returns. */
const LISTS: readonly (readonly [what: string, list: string | Buffer, entries: readonly string[]])[] = [
  ['nothing', '', []],
  ['lines', 'a.jpg\nb.jpg\n', ['a.jpg', 'b.jpg']],
  ['a last line without an end', 'a.jpg\nb.jpg', ['a.jpg', 'b.jpg']],
  ['one line without an end', ' a.jpg\r', [' a.jpg']],
  ['CRLF, and a CR within a line', 'a\r\nb\rc\r\r\nd\r', ['a', 'b\rc\r', 'd']],
  ['blank lines', '\n \n\t\r\n\r\na\n\n', ['a']],
  ['nothing but blanks', ' \t\r', []],
  ['characters of 2 to 4 bytes', 'é\n日本\n😀', ['é', '日本', '😀']],
  ['a byte order mark before lines', '\uFEFFa\n\uFEFFb\n', ['a', '\uFEFFb']],
  ['a byte order mark before a blank line', '\uFEFF\r\na\n', ['a']],
  ['a byte order mark alone', '\uFEFF', []],
  ['NULs', 'a.jpg\0b.jpg\0', ['a.jpg', 'b.jpg']],
  ['NULs, the last left out', 'a.jpg\0b.jpg', ['a.jpg', 'b.jpg']],
  ['NULs with newlines behind the first', 'a\0b\nc\0\n\0\r\n\0', ['a', 'b\nc', '\n', '\r\n']],
  [
    'NULs with blanks, a CR and a byte order mark in names',
    '\uFEFFa\0 \0b\r\0\r\0',
    ['\uFEFFa', ' ', 'b\r', '\r'],
  ],
  ['empty entries between NULs', '\0\0a\0\0', ['a']],
  ['a NUL in a line', 'a\nb\0c\nd', ['a', STRAY(2)]],
  ['a NUL after blank lines', '\n\r\na\0b\0', [STRAY(3)]],
  ['a NUL at the end of lines', 'a\nb\n\0', ['a', 'b', STRAY(3)]],
  [
    'bytes that are not UTF-8',
    latin1('a\xff.jpg\n\xc3\n\xed\xa0\x80\nb'),
    ['invalid_name: a\uFFFD.jpg', 'invalid_name: \uFFFD', 'invalid_name: \uFFFD\uFFFD\uFFFD', 'b'],
  ],
  [
    'bytes that are not UTF-8, between NULs',
    latin1('\xe6\x97\0a\n\xa5\0'),
    ['invalid_name: \uFFFD', 'invalid_name: a\n\uFFFD'],
  ],
  ['a replacement character', 'a\uFFFD\n', ['a\uFFFD']],
  ['UTF-16', Buffer.from('\uFEFFa.jpg\nb.jpg\n', 'utf16le'), [UTF16]],
  ['UTF-16, big endian', Buffer.from('\uFEFFa.jpg\nb.jpg\n', 'utf16le').swap16(), [UTF16]],
];

describe('readList', () => {
  for (const [what, list, entries] of LISTS) {
    it(`reads ${what}, wherever the list is split into chunks`, async () => {
      const bytes = Buffer.from(list);
      assert.deepEqual(await read([bytes]), entries, 'whole');
      assert.deepEqual(await read(cutEverywhere(bytes)), entries, 'byte by byte');
      for (let first = 0; first <= bytes.byteLength; first++) {
        for (let second = first; second <= bytes.byteLength; second++) {
          const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
          assert.deepEqual(await read(chunks), entries, `cut at ${first} and ${second}`);
        }
      }
    });
  }

  it('reads hostile names from 1000 lists split at random', async () => {
    const random = mulberry32(12);
    for (let round = 0; round < 1000; round++) {
      const nul = random() < 0.5;
      const [names, list] = nul ? nulList(random) : lineList(random);
      const chunks = cutAtRandom(list, random);
      assert.deepEqual(
        await read(chunks, nul),
        names,
        `round ${round}: ${chunks.map((chunk) => chunk.toString('latin1'))}`,
      );
    }
  });

  it('ends entries only at NULs if requested', async () => {
    assert.deepEqual(await read([Buffer.from('a\nb\0c\r\n\0')], true), ['a\nb', 'c\r\n']);
    assert.deepEqual(await read([Buffer.from('a\nb\n')], true), ['a\nb\n']);
  });

  it('yields an entry as soon as it ends', async () => {
    let given = 0;
    async function* bytes() {
      for (const byte of Buffer.from('a\nbc\n')) {
        given++;
        yield Buffer.of(byte);
      }
    }
    const entries = readList(bytes());
    assert.deepEqual((await entries.next()).value, { path: 'a' });
    assert.equal(given, 2);
    assert.deepEqual((await entries.next()).value, { path: 'bc' });
    assert.equal(given, 5);
  });

  describe('with a path that is too long', () => {
    const LONGEST = 2 ** 17; // bytes
    const chunk = Buffer.alloc(2 ** 16, 'é');

    it('yields one failed entry with the start of the path', async () => {
      const path = `${'a'.repeat(199)}é${'b'.repeat(LONGEST - 200)}`; // a byte too long, with an é at the cut
      for (const end of ['\n', '\0']) {
        const list = Buffer.from(`x${end}${path}${end}y${end}`);
        const random = mulberry32(1);
        for (let round = 0; round < 20; round++) {
          const chunks = cutAtRandom(list, random);
          const entries = [];
          for await (const entry of readList(streamOf(chunks))) entries.push(entry);
          assert.deepEqual(entries, [
            { path: 'x' },
            {
              path: `${'a'.repeat(199)}…`,
              failure: {
                code: 'invalid_name',
                message: `the path has ${LONGEST + 1} bytes, more than any system takes`,
              },
            },
            { path: 'y' },
          ]);
        }
      }
      assert.deepEqual(await read([Buffer.from(`${path.slice(1)}\n`)]), [path.slice(1)]);
    });

    it('does not hold the whole path', async () => {
      // More characters than a string can hold, all from one chunk of memory.
      function* chunks() {
        for (let i = 0; i < 2 ** 14; i++) yield chunk;
        yield Buffer.from('\nb');
      }
      assert.deepEqual(await read(chunks()), [`invalid_name: ${'é'.repeat(100)}…`, 'b']);
    });
  });

  it('reports a stream that fails at once, and leaves a later failure to the caller', async () => {
    async function* broken(...chunks: readonly Buffer[]) {
      yield* chunks;
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5 });
    }
    const pathsOf = async (stream: AsyncIterable<Buffer>, paths: string[]) => {
      for await (const { path } of readList(stream)) paths.push(path);
    };
    const paths: string[] = [];
    await assert.rejects(pathsOf(broken(), paths), {
      name: 'HalonetError',
      message: 'standard input cannot be read (i/o error); expected a list of paths',
    });
    await assert.rejects(pathsOf(broken(Buffer.from('a\nb')), paths), {
      name: 'Error',
      message: 'EIO: i/o error, read',
    });
    assert.deepEqual(paths, ['a']);
  });
});

type NamesAndList = readonly [names: readonly string[], list: Buffer];

/** Returns some hostile names, and a list of them with a NUL after each. */
function nulList(random: Random): NamesAndList {
  const names = some(HOSTILE_NAMES, random);
  return [names, Buffer.from(names.map((name) => `${name}\0`).join(''))];
}

/** Returns some names without newlines, and a list of them with LF or CRLF after each and some blank lines. */
function lineList(random: Random): NamesAndList {
  const names = some(LINES, random);
  const end = () => (random() < 0.7 ? '\n' : '\r\n');
  const lines = names.map((name) => `${name}${end()}${random() < 0.1 ? ` ${end()}` : ''}`);
  return [names, Buffer.from(`${random() < 0.2 ? '\uFEFF' : ''}${lines.join('')}`)];
}

const LINES = HOSTILE_NAMES.filter((name) => name.trim() !== '' && !/\n|\r$|^\uFEFF/.test(name));

function some(names: readonly string[], random: Random): readonly string[] {
  const count = Math.floor(random() * 12);
  return Array.from({ length: count }, () => names[Math.floor(random() * names.length)] ?? '');
}
