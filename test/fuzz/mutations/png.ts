import { crc32, deflateSync, inflateSync } from 'node:zlib';
import type { Random } from '../../../src/random.js';
import { below, edge, pick, SIDES } from '../chance.js';
import type { Mutation } from '../mutation.js';
import { zeros } from '../zeros.js';

const SIGNATURE = 8; // bytes

export interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) break;
    const type = bytes.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: Buffer.from(bytes.subarray(at + 8, at + 8 + length)) });
    at += 12 + length;
  }
  return chunks;
}

/** A PNG file in which each chunk has the right length and checksum. */
export function pngOf(chunks: readonly Chunk[]): Buffer {
  const parts = chunks.flatMap(({ type, data }) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return [length, body, sum];
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** Changes the chunks and repairs the checksums, so that decoders get beyond them. */
function onChunks(name: string, change: (chunks: Chunk[], random: Random) => Chunk[] | undefined): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      const chunks = chunksOf(bytes);
      if (chunks.length === 0) return undefined;
      const changed = change(chunks, random);
      return changed && pngOf(changed);
    },
  };
}

const replace = (chunks: readonly Chunk[], type: string, change: (data: Buffer) => Buffer): Chunk[] =>
  chunks.map((chunk) => (chunk.type === type ? { type, data: change(chunk.data) } : chunk));

const ADDED = [
  'PLTE',
  'tRNS',
  'iCCP',
  'zTXt',
  'iTXt',
  'eXIf',
  'pHYs',
  'gAMA',
  'cHRM',
  'sBIT',
  'acTL',
  'fcTL',
  'fdAT',
];

export const PNG: readonly Mutation[] = [
  onChunks('chunk', (chunks, random) => {
    const chunk = pick(random, chunks);
    for (let i = 1 + below(random, 8); i > 0 && chunk.data.length > 0; i--) {
      chunk.data[below(random, chunk.data.length)] = edge(random, 1);
    }
    return chunks;
  }),
  onChunks('sides', (chunks, random) =>
    replace(chunks, 'IHDR', (data) => {
      if (data.length < 8) return data;
      data.writeUInt32BE(pick(random, [...SIDES, 0x7fffffff, 0xffffffff]), pick(random, [0, 4]));
      if (random() < 0.5) data.writeUInt32BE(pick(random, SIDES), pick(random, [0, 4]));
      return data;
    }),
  ),
  onChunks('depth', (chunks, random) =>
    replace(chunks, 'IHDR', (data) => {
      if (data.length < 13) return data;
      data[8] = pick(random, [0, 1, 2, 3, 4, 8, 16, 32]);
      data[9] = pick(random, [0, 1, 2, 3, 4, 6, 7]);
      data[12] = pick(random, [0, 1, 2]);
      return data;
    }),
  ),
  onChunks('order', (chunks, random) => {
    const [moved] = chunks.splice(below(random, chunks.length), 1);
    if (moved === undefined) return undefined;
    const copies = Array.from({ length: below(random, 4) }, () => moved);
    chunks.splice(below(random, chunks.length + 1), 0, ...copies);
    return chunks;
  }),
  onChunks('added', (chunks, random) => {
    const data = Buffer.from(Array.from({ length: below(random, 800) }, () => below(random, 256)));
    chunks.splice(1 + below(random, chunks.length), 0, { type: pick(random, ADDED), data });
    return chunks;
  }),
  onChunks('scanlines', (chunks, random) => {
    const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data));
    let lines: Buffer;
    try {
      lines = inflateSync(data);
    } catch {
      return undefined; // damaged by another mutation
    }
    for (let i = 1 + below(random, 8); i > 0 && lines.length > 0; i--) {
      lines[below(random, lines.length)] = pick(random, [0, 1, 2, 3, 4, 5, 0xff]); // valid filters, if it hits those
    }
    const kept = lines.subarray(0, random() < 0.3 ? below(random, lines.length + 1) : lines.length);
    const others = chunks.filter(({ type }) => type !== 'IDAT' && type !== 'IEND');
    return [...others, { type: 'IDAT', data: deflateSync(kept) }, { type: 'IEND', data: Buffer.alloc(0) }];
  }),
  onChunks('bomb', (chunks, random) => {
    // A few kB that inflate to 16 to 256 MB, as pixels or metadata.
    const bomb = zeros(2 ** (24 + below(random, 5)));
    const name = Buffer.from('a\0\0', 'latin1');
    const added = pick<Chunk>(random, [
      { type: 'IDAT', data: bomb },
      { type: 'iCCP', data: Buffer.concat([name, bomb]) },
      { type: 'zTXt', data: Buffer.concat([name, bomb]) },
      { type: 'iTXt', data: Buffer.concat([Buffer.from('a\0\x01\0\0\0', 'latin1'), bomb]) },
    ]);
    const others = chunks.filter(({ type }) => type !== added.type);
    return [...others.slice(0, 1), added, ...others.slice(1)];
  }),
];
