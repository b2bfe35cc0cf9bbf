import { FormatError } from '../../errors.js';
import { readVarint } from './varint.js';

/** The types of Thrift's compact protocol that Parquet uses. */
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const INT16 = 4;
const INT32 = 5;
const INT64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

const MAX_DEPTH = 32; // structs and lists within each other
const MAX_VALUES = 5_000_000; // about a gigabyte once parsed
const MAX_VARINT = 10; // bytes

/**
 * Returns where a struct in Thrift's compact protocol ends, or undefined if that is beyond the bytes. hyparquet parses such structs
 * without limits, so a few hostile bytes could fill the memory: lists that state more elements than there are bytes, numbers without
 * an end. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 *
 * @throws FormatError if there is no valid struct
 */
export function thriftEnd(bytes: Uint8Array, start = 0): number | undefined {
  const scanner = new Scanner(bytes, start);
  try {
    scanner.passStruct(0);
    return scanner.at;
  } catch (error) {
    if (error instanceof BeyondBytes) return undefined;
    throw error;
  }
}

class BeyondBytes extends Error {}

class Scanner {
  at: number;
  readonly #bytes: Uint8Array;
  #values = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  passStruct(depth: number): void {
    for (;;) {
      const header = this.#byte();
      const type = header & 0x0f;
      if (type === 0) return;
      if (header >> 4 === 0) this.#varint(); // the number of the field
      if (type !== TRUE && type !== FALSE) this.#passValue(type, depth);
    }
  }

  #passValue(type: number, depth: number): void {
    if (depth > MAX_DEPTH) throw damaged('is nested too deeply');
    if (++this.#values > MAX_VALUES) throw damaged(`has more than ${MAX_VALUES} values`);
    if (type === TRUE || type === FALSE || type === BYTE) this.#skip(1);
    else if (type === INT16 || type === INT32 || type === INT64) this.#varint();
    else if (type === DOUBLE) this.#skip(8);
    else if (type === BINARY) this.#skip(this.#varint());
    else if (type === LIST) this.#passList(depth + 1);
    else if (type === STRUCT) this.passStruct(depth + 1);
    else throw damaged(`has a field of type ${type}`);
  }

  #passList(depth: number): void {
    const header = this.#byte();
    const size = header >> 4 === 15 ? this.#varint() : header >> 4;
    if (size > MAX_VALUES) throw damaged(`has a list of ${size} values`);
    for (let i = 0; i < size; i++) this.#passValue(header & 0x0f, depth);
  }

  #varint(): number {
    const value = readVarint(() => this.#byte(), MAX_VARINT);
    if (value === undefined) throw damaged('has a number without an end');
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new BeyondBytes();
    this.at++;
    return byte;
  }

  #skip(length: number): void {
    if (length > this.#bytes.byteLength - this.at) throw new BeyondBytes();
    this.at += length;
  }
}

const damaged = (what: string) => new FormatError(`metadata ${what}`);
