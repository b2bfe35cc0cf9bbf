import type { Random } from '../../../src/random.js';
import { below, edge, pick, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

interface Chunk {
  readonly at: number; // of its name; the length is at + 4, the data at + 8
  readonly name: string;
  readonly end: number; // exclusive, padding included
}

function chunksOf(bytes: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const end = Math.min(bytes.length, at + 8 + length + (length % 2));
    chunks.push({ at, name: bytes.toString('latin1', at, at + 4), end });
    at = end;
  }
  return chunks;
}

const NAMES = ['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP', 'EXIF', 'XMP '];
const SIDES_AT: Readonly<Record<string, number>> = { 'VP8 ': 14, VP8L: 9, VP8X: 12, ANMF: 14 }; // from the chunk's name

function onChunks(
  name: string,
  change: (bytes: Buffer, chunks: readonly Chunk[], random: Random) => Buffer | undefined,
): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      const chunks = chunksOf(bytes);
      return chunks.length === 0 ? undefined : change(bytes, chunks, random);
    },
  };
}

function withSize(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(bytes.length - 8, 4);
  return bytes;
}

export const WEBP: readonly Mutation[] = [
  onChunks('size', (bytes, chunks, random) => {
    const chunk = pick(random, chunks);
    const near = Math.max(0, chunk.end - chunk.at - 8 + below(random, 5) - 2);
    writeField(bytes, pick(random, [4, chunk.at + 4]), 4, pick(random, [near, edge(random, 4)]), true);
    return bytes;
  }),
  onChunks('sides', (bytes, chunks, random) => {
    const chunk = pick(random, chunks);
    const at = chunk.at + (SIDES_AT[chunk.name] ?? 8);
    // 14 bits each, or 24 in VP8X and ANMF; a lossless image packs both into 28.
    writeField(
      bytes,
      at,
      4,
      pick(random, [0x0fffffff, 0x3fff3fff, 0x00003fff, 0xffffffff, 0, 0x00010001]),
      true,
    );
    return bytes;
  }),
  onChunks('name', (bytes, chunks, random) => {
    bytes.write(pick(random, NAMES), pick(random, chunks).at, 'latin1');
    return bytes;
  }),
  onChunks('data', (bytes, chunks, random) => {
    const { at, end } = pick(random, chunks);
    for (let i = 1 + below(random, 6); i > 0 && end > at + 8; i--) {
      bytes[at + 8 + below(random, Math.min(40, end - at - 8))] = edge(random, 1);
    }
    return bytes;
  }),
  onChunks('order', (bytes, chunks, random) => {
    const parts = chunks.map(({ at, end }) => bytes.subarray(at, end));
    const [moved] = parts.splice(below(random, parts.length), 1);
    if (moved === undefined) return undefined;
    parts.splice(
      below(random, parts.length + 1),
      0,
      ...Array.from({ length: below(random, 4) }, () => moved),
    );
    return withSize(Buffer.concat([bytes.subarray(0, 12), ...parts]));
  }),
  onChunks('frames', (bytes, chunks, random) => {
    const frame = chunks.find(({ name }) => name === 'ANMF');
    if (frame === undefined) return undefined;
    const copies = Array.from({ length: pick(random, [2, 100, 2000]) }, () =>
      bytes.subarray(frame.at, frame.end),
    );
    return withSize(Buffer.concat([bytes, ...copies]));
  }),
];
