import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// Numbers of the length-delimited fields that are framed by hand because their content is large.
export const MODEL_GRAPH = 7;
export const GRAPH_INITIALIZER = 5;
export const TENSOR_RAW_DATA = 9;

/** Encodes a length-delimited field up to its content (https://protobuf.dev/programming-guides/encoding/). */
export function prefix(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

// The timm network with the most nodes has 0.25 MB of them, and 548 constants.
const MAX_REST = 8 * 2 ** 20; // bytes
const MAX_FIELDS = 100_000;

/**
 * Extracts the fields with one number from a message. Memory is bounded for any input: contents are views, and a
 * file of nothing but tiny fields is refused before it turns into objects.
 *
 * @param field the number of a length-delimited field
 * @returns the contents of these fields, as views of `message`, and a message of all others
 * @throws Error if the bytes are not fields, end early, or exceed what any network needs
 */
export function takeOut(
  message: Uint8Array,
  field: number,
): { readonly taken: readonly Uint8Array[]; readonly rest: Uint8Array } {
  const reader = new BinaryReader(message);
  const taken: Uint8Array[] = [];
  const others: Uint8Array[] = []; // runs of other fields
  let run = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    if (number !== field) {
      reader.skip(wireType, number);
      continue;
    }
    if (wireType !== WireType.LengthDelimited) throw new Error(`field ${field} of wire type ${wireType}`);
    others.push(message.subarray(run, start));
    taken.push(reader.bytes());
    run = reader.pos;
    if (taken.length > MAX_FIELDS) throw new Error(`more than ${MAX_FIELDS} fields ${field}`);
  }
  others.push(message.subarray(run));
  const length = others.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (length > MAX_REST) throw new Error(`${length} bytes beside the weights; at most ${MAX_REST} are read`);
  return { taken, rest: new Uint8Array(Buffer.concat(others)) };
}
