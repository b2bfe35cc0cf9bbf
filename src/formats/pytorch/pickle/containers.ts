import { describe, isKind, type Value } from '../values.js';
import { line, uint8, uint32 } from './cursor.js';
import { type Machine, type Opcode, pop, popToMark, push, top } from './machine.js';
import { decodeText } from './text.js';

const LONGEST_KEY = 4096; // characters; hashing a key takes time proportional to its length

/** The instructions that build lists, tuples, dicts and sets, and those that manage the stack and the memo. */
export const CONTAINERS: readonly Opcode[] = [
  [0x5d, 'EMPTY_LIST', (m) => push(m, { kind: 'list', items: [] })],
  [0x6c, 'LIST', (m) => push(m, { kind: 'list', items: popToMark(m) })],
  [0x61, 'APPEND', (m) => append(m, [pop(m)])],
  [0x65, 'APPENDS', (m) => append(m, popToMark(m))],
  [0x29, 'EMPTY_TUPLE', (m) => push(m, { kind: 'tuple', items: [] })],
  [0x74, 'TUPLE', (m) => push(m, { kind: 'tuple', items: popToMark(m) })],
  [0x85, 'TUPLE1', (m) => pushTuple(m, 1)],
  [0x86, 'TUPLE2', (m) => pushTuple(m, 2)],
  [0x87, 'TUPLE3', (m) => pushTuple(m, 3)],
  [0x7d, 'EMPTY_DICT', (m) => push(m, { kind: 'dict', items: new Map() })],
  [0x64, 'DICT', pushDict],
  [0x73, 'SETITEM', (m) => setItems(m, [pop(m), pop(m)].reverse())],
  [0x75, 'SETITEMS', (m) => setItems(m, popToMark(m))],
  [0x8f, 'EMPTY_SET', (m) => push(m, { kind: 'set' })],
  [0x90, 'ADDITEMS', addItems],
  [0x91, 'FROZENSET', pushFrozenSet],
  [0x28, 'MARK', (m) => m.marks.push(m.stack.length)],
  [0x30, 'POP', popOrMark],
  [0x31, 'POP_MARK', (m) => popToMark(m)],
  [0x32, 'DUP', (m) => push(m, top(m))],
  [0x70, 'PUT', (m) => m.memo.set(textIndex(m), top(m))],
  [0x71, 'BINPUT', (m) => m.memo.set(uint8(m.cursor), top(m))],
  [0x72, 'LONG_BINPUT', (m) => m.memo.set(uint32(m.cursor), top(m))],
  [0x94, 'MEMOIZE', (m) => m.memo.set(m.memo.size, top(m))],
  [0x67, 'GET', (m) => recall(m, textIndex(m))],
  [0x68, 'BINGET', (m) => recall(m, uint8(m.cursor))],
  [0x6a, 'LONG_BINGET', (m) => recall(m, uint32(m.cursor))],
];

function append(machine: Machine, items: readonly Value[]): void {
  const list = top(machine);
  if (!isKind(list, 'list')) throw machine.fail(`expected a list to append to, found ${describe(list)}`);
  for (const item of items) list.items.push(item);
}

function pushTuple(machine: Machine, length: number): void {
  const items = Array.from({ length }, () => pop(machine)).reverse();
  push(machine, { kind: 'tuple', items });
}

function pushDict(machine: Machine): void {
  const items = popToMark(machine);
  push(machine, { kind: 'dict', items: new Map() });
  setItems(machine, items);
}

/** @param items key, value, key, value... */
function setItems(machine: Machine, items: readonly Value[]): void {
  const dict = top(machine);
  if (!isKind(dict, 'dict')) throw machine.fail(`expected a dict to set items of, found ${describe(dict)}`);
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [items[i], items[i + 1]];
    if (key === undefined || value === undefined) throw machine.fail('a dict gets a key without a value');
    if (typeof key === 'string' && key.length > LONGEST_KEY) {
      throw machine.fail(`a dict has a key of ${key.length} characters; expected at most ${LONGEST_KEY}`);
    }
    dict.items.set(key, value);
  }
}

function pushFrozenSet(machine: Machine): void {
  popToMark(machine);
  push(machine, { kind: 'set' });
}

function addItems(machine: Machine): void {
  popToMark(machine);
  const set = top(machine);
  if (!isKind(set, 'set')) throw machine.fail(`expected a set to add items to, found ${describe(set)}`);
}

/** POP right after a MARK removes the mark. */
function popOrMark(machine: Machine): void {
  if (machine.marks.at(-1) === machine.stack.length) machine.marks.pop();
  else pop(machine);
}

function textIndex(machine: Machine): number {
  const text = decodeText(line(machine.cursor), machine.fail);
  if (!/^\d{1,15}$/.test(text)) throw machine.fail('a place in the memo is not a number');
  return Number(text);
}

function recall(machine: Machine, index: number): void {
  const value = machine.memo.get(index);
  if (value === undefined) throw machine.fail(`the memo holds nothing at ${index}`);
  push(machine, value);
}
