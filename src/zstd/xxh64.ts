const STRIPE = 32; // bytes: one number of 64 bits for each of four lanes

/** A number of 64 bits in two halves. BigInt would be thirty times as slow. */
type Long = readonly [low: number, high: number];

// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md#xxh64-algorithm-description
const P1: Long = [0x85ebca87, 0x9e3779b1];
const P2: Long = [0x27d4eb4f, 0xc2b2ae3d];
const P3: Long = [0x9e3779f9, 0x165667b1];
const P4: Long = [0xc2b2ae63, 0x85ebca77];
const P5: Long = [0x165667c5, 0x27d4eb2f];

/** Computes XXH64 with the seed 0 over bytes that come in pieces. */
export class Xxh64 {
  readonly #lanes: [Long, Long, Long, Long] = [add(P1, P2), P2, [0, 0], negated(P1)];
  readonly #rest = Buffer.alloc(STRIPE);
  #length = 0; // bytes so far

  update(bytes: Uint8Array): void {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const held = this.#length % STRIPE;
    this.#length += input.byteLength;
    let at = 0;
    if (held > 0) {
      at = input.copy(this.#rest, held);
      if (held + at < STRIPE) return;
      this.#take(this.#rest, 0, STRIPE);
    }
    const end = at + ((input.byteLength - at) & -STRIPE);
    this.#take(input, at, end);
    input.copy(this.#rest, 0, end);
  }

  /** The lower 32 bits of the digest. */
  get low(): number {
    let hash = this.#length < STRIPE ? P5 : this.#merged();
    hash = add(hash, [this.#length >>> 0, Math.floor(this.#length / 2 ** 32)]);
    const length = this.#length % STRIPE;
    let at = 0;
    for (; at + 8 <= length; at += 8) {
      const one = round([0, 0], this.#rest.readUInt32LE(at), this.#rest.readUInt32LE(at + 4));
      hash = add(times(rotated(xor(hash, one), 27), P1), P4);
    }
    if (at + 4 <= length) {
      hash = xor(hash, times([this.#rest.readUInt32LE(at), 0], P1));
      hash = add(times(rotated(hash, 23), P2), P3);
      at += 4;
    }
    for (; at < length; at++) {
      hash = xor(hash, times([this.#rest[at] as number, 0], P5));
      hash = times(rotated(hash, 11), P1);
    }
    hash = times(xor(hash, shifted(hash, 33)), P2);
    hash = times(xor(hash, shifted(hash, 29)), P3);
    return xor(hash, shifted(hash, 32))[0];
  }

  #take(bytes: Buffer, from: number, to: number): void {
    const words = wordsOf(bytes, from, to);
    for (let i = 0; i < 4; i++) this.#lanes[i] = mixed(this.#lanes[i] as Long, words, 2 * i);
  }

  #merged(): Long {
    const [one, two, three, four] = this.#lanes;
    const sum = add(add(rotated(one, 1), rotated(two, 7)), add(rotated(three, 12), rotated(four, 18)));
    return this.#lanes.reduce<Long>(
      (hash, lane) => add(times(xor(hash, round([0, 0], ...lane)), P1), P4),
      sum,
    );
  }
}

/** Returns bytes as numbers of 32 bits, little-endian as all processors that Node runs on. */
function wordsOf(bytes: Buffer, from: number, to: number): Uint32Array {
  const at = bytes.byteOffset + from;
  if (at % 4 === 0) return new Uint32Array(bytes.buffer, at, (to - from) / 4);
  return new Uint32Array(Uint8Array.from(bytes.subarray(from, to)).buffer);
}

/** Mixes the words of one lane, two of every eight, into its state. `round`, written out: this is the only long loop. */
function mixed([firstLow, firstHigh]: Long, words: Uint32Array, first: number): Long {
  let [low, high] = [firstLow, firstHigh];
  for (let i = first; i < words.length; i += 8) {
    const [wordLow, wordHigh] = [words[i] as number, words[i + 1] as number];
    const product = Math.imul(wordLow, P2[0]) >>> 0;
    const upper = highOf(wordLow, P2[0]) + Math.imul(wordLow, P2[1]) + Math.imul(wordHigh, P2[0]);
    const sum = low + product;
    high = (high + upper + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    low = sum >>> 0;
    const turned = ((low << 31) | (high >>> 1)) >>> 0;
    high = ((high << 31) | (low >>> 1)) >>> 0;
    low = Math.imul(turned, P1[0]) >>> 0;
    high = (highOf(turned, P1[0]) + Math.imul(turned, P1[1]) + Math.imul(high, P1[0])) >>> 0;
  }
  return [low, high];
}

const round = (state: Long, low: number, high: number): Long =>
  times(rotated(add(state, times([low, high], P2)), 31), P1);

/** Returns the upper half of the product of two numbers of 32 bits. */
function highOf(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  return a1 * b1 + (((a0 * b1 + a1 * b0 + (((a0 * b0) / 2 ** 16) >>> 0)) / 2 ** 16) >>> 0);
}

function times([aLow, aHigh]: Long, [bLow, bHigh]: Long): Long {
  const high = highOf(aLow, bLow) + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow);
  return [Math.imul(aLow, bLow) >>> 0, high >>> 0];
}

function add([aLow, aHigh]: Long, [bLow, bHigh]: Long): Long {
  const low = aLow + bLow;
  return [low >>> 0, (aHigh + bHigh + (low > 0xffffffff ? 1 : 0)) >>> 0];
}

const negated = ([low, high]: Long): Long => add([~low >>> 0, ~high >>> 0], [1, 0]);

const xor = ([aLow, aHigh]: Long, [bLow, bHigh]: Long): Long => [(aLow ^ bLow) >>> 0, (aHigh ^ bHigh) >>> 0];

/** Rotates to the left by 1 to 31 bits. */
const rotated = ([low, high]: Long, by: number): Long => [
  ((low << by) | (high >>> (32 - by))) >>> 0,
  ((high << by) | (low >>> (32 - by))) >>> 0,
];

/** Shifts to the right by 1 to 63 bits. */
const shifted = ([low, high]: Long, by: number): Long =>
  by >= 32
    ? [by === 32 ? high : high >>> (by - 32), 0]
    : [((low >>> by) | (high << (32 - by))) >>> 0, high >>> by];
