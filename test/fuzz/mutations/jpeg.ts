import type { Random } from '../../../src/random.js';
import { below, edge, pick, SIDES, writeField } from '../chance.js';
import type { Mutation } from '../mutation.js';

/** A marker and the bytes up to the next one; for a scan, its header and its data. */
interface Segment {
  readonly marker: number;
  readonly bytes: Buffer; // with the marker
}

const SOF = new Set([0xc0, 0xc1, 0xc2, 0xc3]);
const [SOS, DHT, DQT, DRI, EOI] = [0xda, 0xc4, 0xdb, 0xdd, 0xd9];

function segmentsOf(bytes: Buffer): Segment[] {
  const starts: number[] = [0];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    starts.push(at);
    let end = at + 2 + bytes.readUInt16BE(at + 2);
    if (bytes[at + 1] === SOS) end = endOfScan(bytes, end);
    if (bytes[at + 1] === EOI) break;
    at = end;
  }
  return starts.map((start, i) => ({
    marker: bytes[start + 1] ?? 0,
    bytes: Buffer.from(bytes.subarray(start, starts[i + 1] ?? bytes.length)),
  }));
}

/** The position of the next marker that is neither a stuffed 0xff nor a restart. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    const next = bytes[at + 1] ?? 0;
    if (bytes[at] === 0xff && next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

function onSegments(
  name: string,
  change: (segments: Segment[], random: Random) => readonly Segment[] | undefined,
): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      const changed = change(segmentsOf(bytes), random);
      return changed && Buffer.concat(changed.map((segment) => segment.bytes));
    },
  };
}

const oneOf = (segments: readonly Segment[], random: Random, isWanted: (marker: number) => boolean) => {
  const wanted = segments.filter(({ marker }) => isWanted(marker));
  return wanted.length === 0 ? undefined : pick(random, wanted);
};

/** Changes one byte after the header of a segment of some kinds. */
const inSegment = (name: string, isWanted: (marker: number) => boolean) =>
  onSegments(name, (segments, random) => {
    const segment = oneOf(segments, random, isWanted);
    if (segment === undefined) return undefined;
    const length = Math.min(segment.bytes.length, 80) - 4;
    if (length > 0) segment.bytes[4 + below(random, length)] = edge(random, 1);
    return segments;
  });

export const JPEG: readonly Mutation[] = [
  onSegments('length', (segments, random) => {
    const segment = oneOf(segments, random, (marker) => marker !== 0xd8 && marker !== EOI);
    if (segment === undefined) return undefined;
    const near = segment.bytes.length - 2 + below(random, 5) - 2;
    writeField(segment.bytes, 2, 2, pick(random, [Math.max(0, near), edge(random, 2)]) & 0xffff, false);
    return segments;
  }),
  onSegments('sides', (segments, random) => {
    const segment = oneOf(segments, random, (marker) => SOF.has(marker));
    if (segment === undefined) return undefined;
    writeField(segment.bytes, pick(random, [5, 7]), 2, pick(random, SIDES), false);
    if (random() < 0.5) writeField(segment.bytes, pick(random, [5, 7]), 2, pick(random, SIDES), false);
    return segments;
  }),
  inSegment('frame', (marker) => SOF.has(marker)),
  inSegment('tables', (marker) => marker === DHT || marker === DQT || marker === DRI),
  inSegment('scan', (marker) => marker === SOS),
  inSegment('metadata', (marker) => marker >= 0xe0 && marker <= 0xef),
  onSegments('order', (segments, random) => {
    const [moved] = segments.splice(1 + below(random, segments.length - 1), 1);
    if (moved === undefined) return undefined;
    const copies = Array.from({ length: below(random, 3) }, () => moved);
    segments.splice(1 + below(random, segments.length), 0, ...copies);
    return segments;
  }),
  onSegments('marker', (segments, random) => {
    const segment = pick(random, segments.slice(1).length === 0 ? segments : segments.slice(1));
    segment.bytes[1] = pick(random, [
      0xc0,
      0xc1,
      0xc2,
      0xc3,
      0xc9,
      0xca,
      DHT,
      SOS,
      DQT,
      DRI,
      0xe1,
      EOI,
      0xff,
    ]);
    return segments;
  }),
  onSegments('scans', (segments, random) => {
    // Every scan of a progressive image visits all of its blocks.
    const scan = oneOf(segments, random, (marker) => marker === SOS);
    if (scan === undefined) return undefined;
    const at = segments.indexOf(scan);
    const copies = Array.from({ length: pick(random, [2, 50, 500]) }, () => scan);
    return [...segments.slice(0, at), ...copies, ...segments.slice(at)];
  }),
];
