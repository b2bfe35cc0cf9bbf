import type { Value } from '../values.js';
import { float64BigEndian, int32, line, take, uint8, uint16, uint32, uint64 } from './cursor.js';
import { type Machine, type Opcode, push } from './machine.js';
import { decodeText, unescapeString, unescapeUnicode } from './text.js';

const MAX_INTEGER_BYTES = 1024; // checkpoints store step counts and seeds; longer integers only cost time

type Length = (cursor: Machine['cursor']) => number;

/** The instructions that push a number, text or bytes: https://github.com/python/cpython/blob/main/Lib/pickletools.py */
export const LITERALS: readonly Opcode[] = [
  [0x4e, 'NONE', (m) => push(m, null)],
  [0x88, 'NEWTRUE', (m) => push(m, true)],
  [0x89, 'NEWFALSE', (m) => push(m, false)],
  [0x49, 'INT', (m) => push(m, textInteger(m, /^([+-]?\d+)$/))],
  [0x4c, 'LONG', (m) => push(m, textInteger(m, /^([+-]?\d+)L?$/))],
  [0x4a, 'BININT', (m) => push(m, int32(m.cursor))],
  [0x4b, 'BININT1', (m) => push(m, uint8(m.cursor))],
  [0x4d, 'BININT2', (m) => push(m, uint16(m.cursor))],
  [0x8a, 'LONG1', (m) => push(m, binaryInteger(m, uint8(m.cursor)))],
  [0x8b, 'LONG4', (m) => push(m, binaryInteger(m, int32(m.cursor)))],
  [0x46, 'FLOAT', (m) => push(m, textFloat(m))],
  [0x47, 'BINFLOAT', (m) => push(m, float64BigEndian(m.cursor))],
  // Python 2's str is text or bytes; like torch.load, read it as text.
  [0x53, 'STRING', (m) => push(m, unescapeString(line(m.cursor), m.fail))],
  [0x54, 'BINSTRING', (m) => pushText(m, uint32)],
  [0x55, 'SHORT_BINSTRING', (m) => pushText(m, uint8)],
  [0x56, 'UNICODE', (m) => push(m, unescapeUnicode(line(m.cursor), m.fail))],
  [0x58, 'BINUNICODE', (m) => pushText(m, uint32)],
  [0x8c, 'SHORT_BINUNICODE', (m) => pushText(m, uint8)],
  [0x8d, 'BINUNICODE8', (m) => pushText(m, uint64)],
  [0x42, 'BINBYTES', (m) => pushBytes(m, uint32)],
  [0x43, 'SHORT_BINBYTES', (m) => pushBytes(m, uint8)],
  [0x8e, 'BINBYTES8', (m) => pushBytes(m, uint64)],
  [0x96, 'BYTEARRAY8', (m) => pushBytes(m, uint64)],
];

function pushText(machine: Machine, length: Length): void {
  push(machine, decodeText(take(machine.cursor, length(machine.cursor)), machine.fail));
}

function pushBytes(machine: Machine, length: Length): void {
  push(machine, take(machine.cursor, length(machine.cursor)));
}

/** Parses decimal digits; protocols 0 and 1 write False and True as `00` and `01`. */
function textInteger(machine: Machine, pattern: RegExp): Value {
  const text = number(machine);
  if (text === '00') return false;
  if (text === '01') return true;
  const digits = pattern.exec(text)?.[1];
  if (digits === undefined) throw machine.fail('an integer is not written in decimal digits');
  return integer(BigInt(digits.replace('+', '')));
}

function textFloat(machine: Machine): number {
  const text = number(machine);
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text))
    throw machine.fail('a float is not a decimal number');
  return Number(text);
}

function number(machine: Machine): string {
  const bytes = line(machine.cursor);
  if (bytes.byteLength > MAX_INTEGER_BYTES) {
    throw machine.fail(`a number has ${bytes.byteLength} digits; expected at most ${MAX_INTEGER_BYTES}`);
  }
  return decodeText(bytes, machine.fail);
}

/** Parses little-endian two's complement; no bytes mean 0. */
function binaryInteger(machine: Machine, length: number): Value {
  if (length < 0 || length > MAX_INTEGER_BYTES) {
    throw machine.fail(`an integer has ${length} bytes; expected 0 to ${MAX_INTEGER_BYTES}`);
  }
  const digits = Buffer.from(take(machine.cursor, length)).reverse().toString('hex');
  return integer(BigInt.asIntN(8 * length, BigInt(`0x${digits || '0'}`)));
}

function integer(value: bigint): Value {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
