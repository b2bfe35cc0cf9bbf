import assert from 'node:assert/strict';
import { FormatError } from '../../../src/errors.js';
import { ALLOWED } from '../../../src/formats/pytorch/allow-list.js';
import { openCursor } from '../../../src/formats/pytorch/pickle/cursor.js';
import { readPickle } from '../../../src/formats/pytorch/pickle/read-pickle.js';
import { isKind, type Value } from '../../../src/formats/pytorch/values.js';
import { mulberry32 } from '../../../src/random.js';
import { call, dict, global, int, list, NONE, type Part, pickle, text, tuple } from './pickles.js';
import { assertRefuses, isRead } from './support.js';

function read(bytes: Uint8Array): Value {
  return readPickle(openCursor(bytes, 'x.pth'), {
    allowed: ALLOWED,
    persistent: (_, fail) => {
      throw fail('no storages here');
    },
  });
}

/** Reads a pickle written in Latin-1, as in Python's documentation. */
const readText = (bytes: string): Value => read(Buffer.from(bytes, 'latin1'));

/** Converts lists and tuples to arrays, and dicts to arrays of pairs. */
function plain(value: Value): unknown {
  if (isKind(value, 'list') || isKind(value, 'tuple')) return value.items.map(plain);
  if (isKind(value, 'dict')) return [...value.items].map(([key, item]) => [plain(key), plain(item)]);
  return value instanceof Uint8Array ? [...value] : value;
}

describe('readPickle', () => {
  // The values are those of CPython 3.11's pickletools.
  const literals: readonly (readonly [string, string, unknown])[] = [
    ['NONE', 'N.', null],
    ['NEWTRUE', '\x88.', true],
    ['NEWFALSE', '\x89.', false],
    ['INT', 'I-7\n.', -7],
    ['INT 00', 'I00\n.', false],
    ['INT 01', 'I01\n.', true],
    ['LONG', 'L-18446744073709551616L\n.', -18446744073709551616n],
    ['BININT', 'J\xfe\xff\xff\xff.', -2],
    ['BININT1', 'K\xff.', 255],
    ['BININT2', 'M\x01\x02.', 513],
    ['LONG1 of no bytes', '\x8a\x00.', 0],
    ['LONG1', '\x8a\x02\x00\x80.', -32768],
    ['LONG1 beyond a double', '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.', 9223372036854775807n],
    ['LONG4', '\x8b\x01\x00\x00\x00\xff.', -1],
    ['FLOAT', 'F-1.5e3\n.', -1500],
    ['FLOAT inf', 'F-inf\n.', -Infinity],
    ['FLOAT nan', 'Fnan\n.', Number.NaN],
    ['BINFLOAT', 'G\xbf\xf8\x00\x00\x00\x00\x00\x00.', -1.5],
    ['STRING', "S'a\\'b\\x41\\n'\n.", "a'bA\n"],
    ['BINSTRING', 'T\x02\x00\x00\x00hi.', 'hi'],
    ['SHORT_BINSTRING', 'U\x02hi.', 'hi'],
    ['UNICODE', 'V\\u00e4\\U0001f600\n.', 'ä😀'],
    ['BINUNICODE', 'X\x02\x00\x00\x00\xc3\xa4.', 'ä'],
    ['SHORT_BINUNICODE with a byte order mark', '\x8c\x04\xef\xbb\xbfa.', '\ufeffa'],
    ['BINUNICODE8', '\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.', 'a'],
    ['a lone surrogate', '\x8c\x03\xed\xb3\xa9.', '\ufffd\ufffd\ufffd'],
    ['BINBYTES', 'B\x01\x00\x00\x00\xff.', [255]],
    ['SHORT_BINBYTES', 'C\x01\xff.', [255]],
    ['BINBYTES8', '\x8e\x01\x00\x00\x00\x00\x00\x00\x00\xff.', [255]],
    ['BYTEARRAY8', '\x96\x01\x00\x00\x00\x00\x00\x00\x00\xff.', [255]],
  ];
  for (const [what, bytes, value] of literals) {
    it(`reads ${what}`, () => assert.deepEqual(plain(readText(bytes)), value));
  }

  const structures: readonly (readonly [string, string, unknown])[] = [
    ['LIST and APPEND', '(I1\nlI2\na.', [1, 2]],
    ['APPENDS', '](K\x01K\x02e.', [1, 2]],
    ['TUPLE, TUPLE1 to TUPLE3', '(K\x01tK\x02\x85K\x03K\x04\x86\x87.', [[1], [2], [3, 4]]],
    ['EMPTY_TUPLE', ').', []],
    [
      'DICT and SETITEM',
      '(K\x01K\x02dK\x03K\x04s.',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'SETITEMS',
      '}(K\x01K\x02K\x03K\x04u.',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['PUT and GET', '(K\x07p300\n0g300\nl.', [7]],
    ['BINPUT and BINGET', 'K\x07q\x050h\x05.', 7],
    ['LONG_BINPUT and LONG_BINGET', 'K\x07r\x00\x01\x00\x000j\x00\x01\x00\x00.', 7],
    ['MEMOIZE', 'K\x07\x94K\x08\x9400h\x01.', 8],
    ['DUP, POP and POP_MARK', 'K\x01(K\x022\x31.', 1],
    ['POP of a mark', 'K\x01(0.', 1],
    ['PROTO and FRAME', '\x80\x05\x95\x03\x00\x00\x00\x00\x00\x00\x00K\x01.', 1],
    ['OrderedDict of Python 3', 'ccollections\nOrderedDict\n)R(K\x01K\x02u}b.', [[1, 2]]],
    ['OrderedDict of Python 2', 'ccollections\nOrderedDict\n(](](K\x01K\x02eetR.', [[1, 2]]],
    ['STACK_GLOBAL and NEWOBJ', '\x8c\x0bcollections\x8c\x0bOrderedDict\x93)\x81.', []],
    ['NEWOBJ_EX without keywords', 'ccollections\nOrderedDict\n)}\x92.', []],
    ['torch.Size', 'ctorch\nSize\n((K\x02K\x03ttR.', [2, 3]],
  ];
  for (const [what, bytes, value] of structures) {
    it(`reads ${what}`, () => assert.deepEqual(plain(readText(bytes)), value));
  }

  it('reads sets, NumPy numbers and a Namespace without running anything', () => {
    const namespace = read(
      Uint8Array.from([
        ...global('argparse', 'Namespace'),
        ...tuple(),
        0x81,
        ...dict([text('lr'), int(1)]),
        0x62,
        0x2e,
      ]),
    );
    assert.ok(isKind(namespace, 'inert'));
    assert.deepEqual([namespace.name, plain(namespace.state)], ['argparse.Namespace', [['lr', 1]]]);
    const kinds = [
      call(global('__builtin__', 'set'), list(int(1))),
      [0x8f, 0x28, ...int(1), 0x90],
      [0x28, ...int(1), 0x91],
      call(global('numpy.core.multiarray', 'scalar'), NONE, NONE),
      call(global('torch', 'device'), text('cpu')),
    ].map((part) => read(pickle(part)));
    assert.deepEqual(
      kinds.map((value) => (isKind(value, 'inert') ? value.name : isKind(value, 'set') && value.kind)),
      ['set', 'set', 'set', 'numpy.core.multiarray.scalar', 'torch.device'],
    );
  });

  it('treats keys that are special in JavaScript as ordinary keys', () => {
    const value = read(
      pickle(dict([text('__proto__'), dict([text('polluted'), int(1)])], [text('constructor'), NONE])),
    );
    assert.deepEqual(plain(value), [
      ['__proto__', [['polluted', 1]]],
      ['constructor', null],
    ]);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('reads cyclic and very deeply nested values', () => {
    const cyclic = readText(']q\x00h\x00a.');
    assert.ok(isKind(cyclic, 'list'));
    assert.equal(cyclic.items[0], cyclic);
    const depth = 400_000;
    assert.ok(isKind(readText(`N${'\x85'.repeat(depth)}.`), 'tuple'));
    assert.ok(isKind(readText(`${']'.repeat(depth)}${'a'.repeat(depth - 1)}.`), 'list'));
  });

  it('stops after STOP', () => {
    const cursor = openCursor(Buffer.from('K\x01.K\x02.', 'latin1'), 'x.pth');
    const options = { allowed: ALLOWED, persistent: () => null };
    assert.deepEqual([readPickle(cursor, options), readPickle(cursor, options), cursor.at], [1, 2, 6]);
  });

  const callables: readonly (readonly [string, string, string])[] = [
    ['GLOBAL and REDUCE', 'cposix\nsystem\n(U\x02lstR.', 'posix.system'],
    ['GLOBAL in protocol 0', "cos\nsystem\n(S'ls'\ntR.", 'os.system'],
    ['STACK_GLOBAL', '\x8c\x08builtins\x8c\x04eval\x93.', 'builtins.eval'],
    ['INST', '(iposix\nsystem\n.', 'posix.system'],
    ['OBJ', '(cposix\nsystem\no.', 'posix.system'],
    ['NEWOBJ', 'csubprocess\nPopen\n)\x81.', 'subprocess.Popen'],
    [
      'a part of what is allowed',
      'ctorch._utils\n_rebuild_tensor_v2.__globals__\n.',
      'torch._utils._rebuild_tensor_v2.__globals__',
    ],
    ['a name of Object.prototype', 'c__proto__\nconstructor\n.', '__proto__.constructor'],
    ["torch.load's own loader", 'ctorch.storage\n_load_from_bytes\n.', 'torch.storage._load_from_bytes'],
    ['a name that would steer a terminal', 'c\x1b[2J\nx\x9b\n.', '\\u001b[2J.x\\ufffd'],
  ];
  for (const [what, bytes, name] of callables) {
    it(`refuses ${what}`, async () => {
      await assertRefuses(
        () => readText(bytes),
        new RegExp(`asks for "${name.replace(/[\\[.$]/g, '\\$&')}".*nothing was executed`),
      );
    });
  }

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['an empty pickle', '', /byte 0 starts something of 1 bytes but 0 are left.*truncated/],
    ['a pickle without STOP', 'N', /truncated/],
    ['STOP on an empty stack', '.', /nothing on the stack/],
    ['an instruction that reaches below a mark', 'K\x01(\x85.', /nothing on the stack/],
    ['a missing mark', 'K\x01t.', /no mark on the stack/],
    ['an instruction that there is not', '\xff.', /0xff is not an instruction/],
    ['the extension registry', '\x82\x01.', /0x82 is not an instruction/],
    ['out-of-band buffers', '\x97.', /0x97 is not an instruction/],
    ['persistent ids in text', 'P1\n.', /0x50 is not an instruction/],
    ['a later protocol', '\x80\x06N.', /protocol 6; readable are 0 to 5/],
    ['a frame longer than the file', '\x95\xff\xff\xff\xff\xff\xff\xff\xffN.', /but 2 are left.*truncated/],
    ['a text longer than the file', 'X\xff\xff\xff\x7fabc.', /2147483647 bytes but 4 are left/],
    [
      'a text of 2^63 bytes',
      '\x8d\x00\x00\x00\x00\x00\x00\x00\x80abc.',
      /9223372036854776000 bytes but 4 are left/,
    ],
    ['bytes longer than the file', 'B\x09\x00\x00\x00abc.', /9 bytes but 4 are left/],
    [
      'an integer of two gigabytes',
      '\x8b\xff\xff\xff\x7fabc.',
      /integer has 2147483647 bytes; expected 0 to 1024/,
    ],
    [
      'a text of many megabytes',
      `X\x00\x00\x10\x01${'a'.repeat(17 * 1024 * 1024)}.`,
      /text has 17825792 bytes; expected at most 16777216/,
    ],
    ['an integer of negative length', '\x8b\xff\xff\xff\xffabc.', /integer has -1 bytes/],
    ['an integer of many digits', `L${'9'.repeat(2000)}L\n.`, /2000 digits|2001 digits/],
    ['an integer of letters', 'Ix\n.', /not written in decimal digits/],
    ['a float of letters', 'F0x1p3\n.', /float is not a decimal number/],
    ['a line without end', 'I12', /line at byte 1 has no end.*truncated/],
    ['a string without quotes', 'Sabc\n.', /no quotes around it/],
    ['a character beyond Unicode', 'V\\U00110000\n.', /1114112, which Unicode does not have/],
    ['a memo that holds nothing', 'h\x01.', /memo holds nothing at 1/],
    ['a memo at no number', 'K\x01pa\n.', /memo is not a number/],
    ['an append to a tuple', ')K\x01a.', /expected a list to append to, found a tuple/],
    ['an item of a list', ']K\x01K\x02s.', /expected a dict to set items of, found a list/],
    ['a key without a value', '}(K\x01u.', /key without a value/],
    [
      'a very long key',
      `}X\x88\x13\x00\x00${'k'.repeat(5000)}Ns.`,
      /key of 5000 characters; expected at most 4096/,
    ],
    ['a call of a value', 'K\x01)R.', /to call, found a number \(nothing was executed\)/],
    ['a call of a dtype', 'ctorch\nfloat32\n)R.', /to call, found a dtype/],
    ['arguments that are no tuple', 'ctorch\nSize\n]R.', /tuple of arguments, found a list/],
    ['keyword arguments', 'ctorch\nSize\n)}(K\x01K\x02u\x92.', /no keyword arguments/],
    ['a state for a list', ']}b.', /to give a state to, found a list/],
    ['a state for a function', 'ctorch\nSize\n}b.', /to give a state to, found torch.Size/],
    ['a name that is no text', 'K\x01K\x02\x93.', /module and a name, found a number/],
    ['a storage where none belongs', 'NQ.', /no storages here/],
    [
      '_reconstructor of another class',
      'ccopy_reg\n_reconstructor\n(ctorch\nSize\nc__builtin__\nobject\nNtR.',
      /found torch.Size/,
    ],
  ];
  for (const [what, bytes, message] of bad) {
    it(`refuses ${what}`, () => assertRefuses(() => readText(bytes), message));
  }

  it('refuses too many instructions, and a long list copied many times', async () => {
    await assertRefuses(() => readText('N0'.repeat(600_000)), /more than 1000000 instructions/);
    const pair = ']q\x00(K\x01K\x02e';
    const long = `](${pair}${'h\x00'.repeat(20_000)}eq\x01`;
    const copies = `ccollections\nOrderedDict\nq\x020${'h\x02h\x01\x85R0'.repeat(20_000)}`;
    await assertRefuses(() => readText(`${long}${copies}.`), /more than 1000000 instructions/);
  });

  it('reads or refuses random instructions, and throws no other errors', async () => {
    const random = mulberry32(1);
    const parts: readonly Part[] = [
      int(3),
      text('key'),
      [0x28],
      global('collections', 'OrderedDict'),
      global('torch._utils', '_rebuild_tensor_v2'),
      global('torch', 'FloatStorage'),
      tuple(),
      dict(),
    ];
    const pick = (): Part => {
      if (random() < 0.5) return parts[Math.floor(random() * parts.length)] ?? [];
      return [Math.floor(random() * 256)];
    };
    let readable = 0;
    for (let program = 0; program < 50_000; program++) {
      const chosen = Array.from({ length: Math.floor(random() * 30) }, pick);
      const bytes = Uint8Array.from([...int(1), ...dict(), ...chosen.flat(), 0x2e]);
      if (await isRead(() => read(bytes))) readable++;
    }
    assert.ok(readable > 100, `${readable} were readable`);
  });

  it('reports the position and a hint', () => {
    assert.throws(
      () => readText('cposix\nsystem\n.'),
      (error) =>
        error instanceof FormatError &&
        /trust/.test(error.hint ?? '') &&
        /before byte 14/.test(error.message),
    );
  });
});
