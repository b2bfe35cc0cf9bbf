import type { Random } from '../../../src/random.js';
import { below, edge, pick, SIDES, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

interface Block {
  readonly kind: 'head' | 'image' | 'extension' | 'tail';
  readonly bytes: Buffer;
}

const tableLength = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** The position after a chain of sub-blocks. */
function afterSubBlocks(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
  return Math.min(bytes.length, at + 1);
}

function blocksOf(bytes: Buffer): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  const take = (kind: Block['kind'], end: number) => {
    blocks.push({ kind, bytes: Buffer.from(bytes.subarray(at, end)) });
    at = end;
  };
  take('head', Math.min(bytes.length, 13 + tableLength(bytes[10] ?? 0)));
  while (at < bytes.length) {
    if (bytes[at] === 0x21) take('extension', afterSubBlocks(bytes, at + 2));
    else if (bytes[at] === 0x2c)
      take('image', afterSubBlocks(bytes, at + 11 + tableLength(bytes[at + 9] ?? 0)));
    else take('tail', bytes.length);
  }
  return blocks;
}

function onBlocks(
  name: string,
  change: (blocks: Block[], random: Random) => readonly Block[] | undefined,
): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      const changed = change(blocksOf(bytes), random);
      return changed && Buffer.concat(changed.map((block) => block.bytes));
    },
  };
}

/** Changes an image block. */
const inImage = (name: string, change: (bytes: Buffer, random: Random) => void) =>
  onBlocks(name, (blocks, random) => {
    const images = blocks.filter(({ kind }) => kind === 'image');
    if (images.length === 0) return undefined;
    change(pick(random, images).bytes, random);
    return blocks;
  });

export const GIF: readonly Mutation[] = [
  onBlocks('screen', (blocks, random) => {
    const head = blocks[0]?.bytes ?? Buffer.alloc(0);
    writeField(head, 6, 2, pick(random, SIDES), true);
    writeField(head, 8, 2, pick(random, SIDES), true);
    return blocks;
  }),
  onBlocks('frames', (blocks, random) => {
    const frame = blocks.filter(({ kind }) => kind === 'image' || kind === 'extension');
    const copies = Array.from({ length: pick(random, [2, 100, 3000]) }, () => frame).flat();
    return [...blocks.slice(0, -1), ...copies, ...blocks.slice(-1)];
  }),
  onBlocks('order', (blocks, random) => {
    const [moved] = blocks.splice(below(random, blocks.length), 1);
    if (moved === undefined) return undefined;
    blocks.splice(
      below(random, blocks.length + 1),
      0,
      ...Array.from({ length: below(random, 3) }, () => moved),
    );
    return blocks;
  }),
  inImage('place', (bytes, random) =>
    writeField(bytes, pick(random, [1, 3, 5, 7]), 2, pick(random, SIDES), true),
  ),
  inImage('flags', (bytes, random) => writeField(bytes, 9, 1, below(random, 256), true)),
  inImage('codes', (bytes, random) => {
    const at = 10 + tableLength(bytes[9] ?? 0); // the size of the first codes, then the length of a sub-block
    writeField(bytes, at + below(random, 2), 1, pick(random, [0, 1, 2, 8, 9, 11, 12, 13, 255]), true);
  }),
  inImage('data', (bytes, random) => {
    const at = 12 + tableLength(bytes[9] ?? 0);
    for (let i = 1 + below(random, 6); i > 0; i--) {
      if (bytes.length > at) bytes[at + below(random, bytes.length - at)] = edge(random, 1);
    }
  }),
];
