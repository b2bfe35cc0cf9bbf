// src/formats/pytorch/pickle/: a pickle interpreter that produces plain values only

import type { Value } from '../values.js';
import { CALLS } from './calls.js';
import { CONTAINERS } from './containers.js';
import { type Cursor, take, uint8, uint64 } from './cursor.js';
import { LITERALS } from './literals.js';
import { createMachine, type Machine, type Opcode, pop } from './machine.js';

const NEWEST_PROTOCOL = 5;
const MAX_INSTRUCTIONS = 1_000_000; // a network with a thousand tensors and its optimizer takes a fifth
const STOP = 0x2e;

const FRAMING: readonly Opcode[] = [
  [0x80, 'PROTO', checkProtocol],
  [0x95, 'FRAME', checkFrame],
];

const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  [...FRAMING, ...LITERALS, ...CONTAINERS, ...CALLS].map((opcode) => [opcode[0], opcode]),
);

/**
 * Reads the pickle at the cursor and leaves the cursor after its STOP. Runs no code from the file.
 *
 * Supports protocols 0 to 5 (https://docs.python.org/3/library/pickle.html#data-stream-format) except for the
 * extension registry, out-of-band buffers and textual persistent ids, which torch.save never writes.
 *
 * A value may contain itself, or one value many times: code that walks it must bound the walk.
 *
 * @throws FormatError if it names anything outside `allowed`, is damaged, or has more than a million instructions
 */
export function readPickle(cursor: Cursor, options: Pick<Machine, 'allowed' | 'persistent'>): Value {
  const machine = createMachine(cursor, options);
  for (; machine.work < MAX_INSTRUCTIONS; machine.work++) {
    const code = uint8(cursor);
    if (code === STOP) return pop(machine);
    const opcode = OPCODES.get(code);
    if (opcode === undefined) {
      throw machine.fail(
        `0x${code.toString(16).padStart(2, '0')} is not an instruction that torch.save writes`,
      );
    }
    opcode[2](machine);
  }
  throw machine.fail(`it has more than ${MAX_INSTRUCTIONS} instructions`);
}

function checkProtocol({ cursor, fail }: Machine): void {
  const protocol = uint8(cursor);
  if (protocol > NEWEST_PROTOCOL) throw fail(`protocol ${protocol}; readable are 0 to ${NEWEST_PROTOCOL}`);
}

/** Frames only help Python to read ahead, so checking that they fit in the file is enough. */
function checkFrame({ cursor }: Machine): void {
  const length = uint64(cursor);
  const { at } = cursor;
  take(cursor, length);
  cursor.at = at;
}
