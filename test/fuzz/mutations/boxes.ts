import type { Random } from '../../../src/random.js';
import { below, edge, pick, SIDES, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

/** A box of ISO/IEC 14496-12, which consists of its size, its name and its data. */
interface Box {
  readonly at: number;
  readonly name: string;
  readonly end: number; // exclusive
}

// Boxes that contain boxes, and the number of bytes before those.
const CONTAINERS: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0, iinf: 6, dinf: 0, iref: 4 };

function boxesOf(bytes: Buffer, from = 0, to = bytes.length): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    const size = bytes.readUInt32BE(at);
    const end = size < 8 ? to : Math.min(to, at + size);
    const name = bytes.toString('latin1', at + 4, at + 8);
    boxes.push({ at, name, end });
    const skipped = CONTAINERS[name];
    if (skipped !== undefined) boxes.push(...boxesOf(bytes, at + 8 + skipped, end));
    at = end;
  }
  return boxes;
}

function onBoxes(
  name: string,
  change: (bytes: Buffer, boxes: readonly Box[], random: Random) => Buffer | undefined,
): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      const boxes = boxesOf(bytes);
      return boxes.length === 0 ? undefined : change(bytes, boxes, random);
    },
  };
}

const NAMES = [
  'ftyp',
  'meta',
  'hdlr',
  'pitm',
  'iloc',
  'iinf',
  'infe',
  'iref',
  'iprp',
  'ipco',
  'ispe',
  'pixi',
  'av1C',
  'hvcC',
  'colr',
  'auxC',
  'ipma',
  'irot',
  'imir',
  'clap',
  'grid',
  'idat',
  'mdat',
  'moov',
];

/** Changes bytes in the data of a box with one of some names. */
const inBox = (name: string, names: readonly string[]) =>
  onBoxes(name, (bytes, boxes, random) => {
    const wanted = boxes.filter((box) => names.includes(box.name) && box.end > box.at + 8);
    if (wanted.length === 0) return undefined;
    const { at, end } = pick(random, wanted);
    for (let i = 1 + below(random, 4); i > 0; i--) {
      bytes[at + 8 + below(random, Math.min(60, end - at - 8))] = edge(random, 1);
    }
    return bytes;
  });

export const AVIF: readonly Mutation[] = [
  onBoxes('size', (bytes, boxes, random) => {
    const { at, end } = pick(random, boxes);
    const near = Math.max(0, end - at + below(random, 9) - 4);
    writeField(bytes, at, 4, pick(random, [near, edge(random, 4)]), false);
    return bytes;
  }),
  onBoxes('name', (bytes, boxes, random) => {
    bytes.write(pick(random, NAMES), pick(random, boxes).at + 4, 'latin1');
    return bytes;
  }),
  onBoxes('sides', (bytes, boxes, random) => {
    const sides = boxes.filter(({ name }) => name === 'ispe');
    if (sides.length === 0) return undefined;
    for (const { at } of sides) {
      writeField(bytes, at + 12, 4, pick(random, [...SIDES, 0xffffffff]), false);
      if (random() < 0.5) writeField(bytes, at + 16, 4, pick(random, SIDES), false);
    }
    return bytes;
  }),
  onBoxes('order', (bytes, boxes, random) => {
    const { at, end } = pick(random, boxes);
    const to = pick(random, boxes).at;
    const box = bytes.subarray(at, end);
    return Buffer.concat([
      bytes.subarray(0, to),
      ...Array.from({ length: 1 + below(random, 3) }, () => box),
      bytes.subarray(to),
    ]);
  }),
  inBox('places', ['iloc', 'pitm', 'iinf', 'infe', 'iref']),
  inBox('properties', ['ispe', 'pixi', 'av1C', 'colr', 'auxC', 'ipma', 'irot', 'imir']),
  inBox('brand', ['ftyp', 'hdlr']),
  inBox('data', ['mdat']),
];
