import { quote, unsuitable } from '../failures.js';
import { describe, isKind, type Value } from '../values.js';
import { line } from './cursor.js';
import { type Machine, type Opcode, pop, popToMark, push, top } from './machine.js';
import { decodeText } from './text.js';

/**
 * The instructions that make Python's own unpickler import and run code. Here, names are looked up only in the
 * allow-list, and only our own functions are called.
 */
export const CALLS: readonly Opcode[] = [
  [0x63, 'GLOBAL', (m) => push(m, resolve(m, nextLine(m), nextLine(m)))],
  [0x93, 'STACK_GLOBAL', stackGlobal],
  [0x52, 'REDUCE', (m) => callWith(m, pop(m))],
  [0x81, 'NEWOBJ', (m) => callWith(m, pop(m))],
  [0x92, 'NEWOBJ_EX', newObjectWithKeywords],
  [0x69, 'INST', (m) => push(m, call(m, resolve(m, nextLine(m), nextLine(m)), popToMark(m)))],
  [0x6f, 'OBJ', callMarked],
  [0x62, 'BUILD', build],
  [0x51, 'BINPERSID', (m) => push(m, m.persistent(pop(m), m.fail))],
];

function resolve(machine: Machine, module: string, name: string): Value {
  const path = `${module}.${name}`;
  const value = machine.allowed.get(path);
  if (value === undefined) {
    throw unsuitable(
      machine.cursor.where,
      `its pickle, before byte ${machine.cursor.at}, asks for ${quote(path)}; ` +
        `expected only what holds weights: tensors, dicts and settings (nothing was executed)`,
      'Load it in Python only if you trust who made it; weights saved alone, with torch.save(model.state_dict(), path), can be read.',
    );
  }
  return value;
}

function nextLine(machine: Machine): string {
  return decodeText(line(machine.cursor), machine.fail);
}

function stackGlobal(machine: Machine): void {
  const name = pop(machine);
  const module = pop(machine);
  if (typeof module !== 'string' || typeof name !== 'string') {
    throw machine.fail(`expected a module and a name, found ${describe(module)} and ${describe(name)}`);
  }
  push(machine, resolve(machine, module, name));
}

function callWith(machine: Machine, args: Value): void {
  if (!isKind(args, 'tuple')) throw machine.fail(`expected a tuple of arguments, found ${describe(args)}`);
  push(machine, call(machine, pop(machine), args.items));
}

function newObjectWithKeywords(machine: Machine): void {
  const keywords = pop(machine);
  if (!isKind(keywords, 'dict') || keywords.items.size > 0) {
    throw machine.fail(`expected no keyword arguments, found ${describe(keywords)}`);
  }
  callWith(machine, pop(machine));
}

function callMarked(machine: Machine): void {
  const [callable, ...args] = popToMark(machine);
  if (callable === undefined) throw machine.fail('an instruction finds no class to call');
  push(machine, call(machine, callable, args));
}

function call(machine: Machine, callable: Value, args: readonly Value[]): Value {
  if (!isKind(callable, 'callable')) {
    throw machine.fail(
      `expected a class or function to call, found ${describe(callable)} (nothing was executed)`,
    );
  }
  // A short pickle may pass one long list many times, and OrderedDict copies it.
  for (const arg of args) if (isKind(arg, 'list') || isKind(arg, 'tuple')) machine.work += arg.items.length;
  return callable.call(args, (problem) => machine.fail(`${callable.name}: ${problem}`));
}

/** Sets the state of an object. A dict's state is dropped: for a state dict, it holds the versions of the layers. */
function build(machine: Machine): void {
  const state = pop(machine);
  const target = top(machine);
  if (isKind(target, 'inert')) target.state = state;
  else if (!isKind(target, 'dict'))
    throw machine.fail(`expected an object to give a state to, found ${describe(target)}`);
}
