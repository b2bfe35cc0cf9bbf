import { broken, type Fail } from '../failures.js';
import type { Value } from '../values.js';
import type { Cursor } from './cursor.js';

/** The objects that GLOBAL may name, by `module.name`. */
export type AllowList = ReadonlyMap<string, Value>;

/** The state of a pickle being read. */
export interface Machine {
  readonly cursor: Cursor;
  readonly stack: Value[];
  readonly marks: number[]; // stack height at each MARK
  readonly memo: Map<number, Value>;
  readonly allowed: AllowList;
  /** Resolves references to data outside the pickle: storages. */
  readonly persistent: (id: Value, fail: Fail) => Value;
  readonly fail: Fail;
  work: number; // instructions executed, plus items copied between lists
}

/** An instruction: its name in Python's pickletools, and its effect. */
export type Opcode = readonly [code: number, name: string, run: (machine: Machine) => void];

export function createMachine(
  cursor: Cursor,
  { allowed, persistent }: Pick<Machine, 'allowed' | 'persistent'>,
): Machine {
  const fail: Fail = (problem) => broken(cursor.where, `its pickle, before byte ${cursor.at}: ${problem}`);
  return { cursor, stack: [], marks: [], memo: new Map(), allowed, persistent, fail, work: 0 };
}

export function push(machine: Machine, value: Value): void {
  machine.stack.push(value);
}

/** @throws FormatError if nothing was pushed since the last MARK */
export function pop(machine: Machine): Value {
  const value = top(machine);
  machine.stack.pop();
  return value;
}

/** Returns the value that {@link pop} would remove. */
export function top(machine: Machine): Value {
  const value = machine.stack.at(-1);
  if (value === undefined || machine.stack.length <= (machine.marks.at(-1) ?? 0)) {
    throw machine.fail('an instruction finds nothing on the stack');
  }
  return value;
}

/** Removes the last MARK and everything pushed since, and returns those values, oldest first. */
export function popToMark(machine: Machine): Value[] {
  const mark = machine.marks.pop();
  if (mark === undefined) throw machine.fail('an instruction finds no mark on the stack');
  return machine.stack.splice(mark);
}
