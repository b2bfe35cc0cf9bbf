import type { Random } from '../../../src/random.js';
import { below, edge, pick, SIDES, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

/** The directories of a classic TIFF: the offsets of their entries, and of the link to the next directory. */
interface Layout {
  readonly little: boolean;
  readonly directories: readonly {
    readonly at: number;
    readonly entries: readonly number[];
    readonly next: number;
  }[];
}

const ENTRY = 12; // bytes: tag, type, count, value or offset
const TAGS = {
  sides: [256, 257, 278, 322, 323], // width, length, rows per strip, tile width, tile length
  samples: [258, 259, 262, 277, 284, 317, 338, 339], // bits, compression, photometric, …, predictor, extra, format
  places: [273, 279, 324, 325, 330, 34665], // offsets and byte counts of strips and tiles, SubIFDs, EXIF
};

function layoutOf(bytes: Buffer): Layout | undefined {
  const mark = bytes.toString('latin1', 0, 4);
  const little = mark === 'II*\0';
  if (!little && mark !== 'MM\0*') return undefined;
  const read = (at: number, size: 2 | 4) =>
    little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  const directories: Layout['directories'][number][] = [];
  let at = bytes.length >= 8 ? read(4, 4) : 0;
  while (at > 0 && at + 2 <= bytes.length && directories.length < 20) {
    const entries = Array.from({ length: read(at, 2) }, (_, i) => at + 2 + i * ENTRY);
    const next = at + 2 + entries.length * ENTRY;
    if (next + 4 > bytes.length) break;
    directories.push({ at, entries, next });
    at = read(next, 4);
  }
  return { little, directories };
}

function onEntries(
  name: string,
  change: (bytes: Buffer, layout: Layout, random: Random) => Buffer | undefined,
): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      const layout = layoutOf(bytes);
      return layout === undefined || layout.directories.length === 0
        ? undefined
        : change(bytes, layout, random);
    },
  };
}

/** Changes one field of an entry with one of some tags, or with any. */
const inEntry = (
  name: string,
  tags: readonly number[] | undefined,
  write: (bytes: Buffer, entry: number, little: boolean, random: Random) => void,
) =>
  onEntries(name, (bytes, { little, directories }, random) => {
    const tagOf = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
    const entries = directories.flatMap((directory) => directory.entries);
    const wanted = entries.filter((at) => tags === undefined || tags.includes(tagOf(at)));
    if (wanted.length === 0) return undefined;
    for (let i = 1 + below(random, 2); i > 0; i--) write(bytes, pick(random, wanted), little, random);
    return bytes;
  });

const shortOf = (name: string, tags: readonly number[], value: (random: Random) => number) =>
  inEntry(name, tags, (bytes, entry, little, random) => {
    // Two bytes or four: big-endian files keep a SHORT in the first half.
    writeField(bytes, entry + 8, pick(random, [2, 4] as const), value(random) & 0xffff, little);
  });

export const TIFF: readonly Mutation[] = [
  shortOf('sides', TAGS.sides, (random) => pick(random, SIDES)),
  shortOf('samples', TAGS.samples, (random) =>
    pick(
      random,
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 64, 32773, 32809, 32946, 34676, 34712, 34892, 50000, 50001],
    ),
  ),
  inEntry('places', TAGS.places, (bytes, entry, little, random) =>
    writeField(bytes, entry + 8, 4, pick(random, [edge(random, 4), below(random, bytes.length)]), little),
  ),
  inEntry('tag', undefined, (bytes, entry, little, random) =>
    writeField(bytes, entry, 2, pick(random, [...Object.values(TAGS).flat(), edge(random, 2)]), little),
  ),
  inEntry('type', undefined, (bytes, entry, little, random) =>
    writeField(bytes, entry + 2, 2, below(random, 19), little),
  ),
  inEntry('count', undefined, (bytes, entry, little, random) =>
    writeField(bytes, entry + 4, 4, edge(random, 4), little),
  ),
  inEntry('value', undefined, (bytes, entry, little, random) =>
    writeField(bytes, entry + 8, 4, edge(random, 4), little),
  ),
  onEntries('loop', (bytes, { little, directories }, random) => {
    const [from, to] = [pick(random, directories), pick(random, directories)];
    writeField(bytes, from.next, 4, pick(random, [to.at, to.at, 4, to.at + 2]), little);
    return bytes;
  }),
  onEntries('entries', (bytes, { little, directories }, random) => {
    writeField(bytes, pick(random, directories).at, 2, edge(random, 2), little);
    return bytes;
  }),
];
