import type { Size } from '../geometry.js';
import { type Box, type BoxBudget, boxesOf, MAX_BOXES } from './iso-boxes.js';

/** What the boxes of a HEIF file say about its primary image. */
export interface HeifImage {
  readonly codec: string; // av01, hvc1, …
  readonly shown: Size | undefined; // after cropping and turning; undefined: not stated in the file
  readonly premultiplied: boolean; // its colours are multiplied by its alpha
  readonly turns: number | undefined; // anti-clockwise quarter turns, irot
  readonly mirror: number | undefined; // 0 upside down, 1 left to right, imir
  readonly coding: Av1Coding | undefined; // if it is coded as a single picture and says how
}

/** How an AV1 picture encodes colours. */
export interface Av1Coding {
  readonly depth: 8 | 10 | 12; // bits
  readonly monochrome: boolean;
  readonly halved: { readonly x: boolean; readonly y: boolean }; // chroma
  readonly limited: boolean; // limited range
  readonly matrix: number; // ITU-T H.273, MatrixCoefficients
}

const MAX_PROPERTIES = 1000; // of the primary image

/**
 * Finds the primary image of a HEIF file, according to ISO/IEC 23008-12.
 *
 * @returns undefined if no primary image can be read
 */
export function primaryImage(file: Buffer): HeifImage | undefined {
  const budget: BoxBudget = { boxes: MAX_BOXES };
  const inside = (parent: Box | undefined, skip = 0) =>
    parent === undefined ? [] : [...boxesOf(file, parent.start + skip, parent.end, budget)];
  const find = (boxes: readonly Box[], type: string) => boxes.find((box) => box.type === type);
  try {
    const meta = inside(find([...boxesOf(file, 0, file.byteLength, budget)], 'meta'), 4);
    const primary = find(meta, 'pitm');
    if (primary === undefined) return undefined;
    const id =
      file[primary.start] === 0 ? file.readUInt16BE(primary.start + 4) : file.readUInt32BE(primary.start + 4);
    const infos = find(meta, 'iinf');
    const codec = inside(infos, infos && file[infos.start] === 0 ? 6 : 8)
      .map((info) => itemOf(file, info))
      .find((item) => item?.id === id)?.type;
    if (codec === undefined) return undefined;
    const references = find(meta, 'iref');
    const wide = references !== undefined && file[references.start] !== 0;
    const premultiplied = inside(references, 4).some(
      ({ type, start }) =>
        type === 'prem' && (wide ? file.readUInt32BE(start) : file.readUInt16BE(start)) === id,
    );
    const properties = inside(find(meta, 'iprp'));
    const all = inside(find(properties, 'ipco'));
    const own = propertiesOf(file, find(properties, 'ipma'), id).map((index) => all[index - 1]);
    const property = (type: string) => own.find((each) => each?.type === type);
    const value = (type: string) => {
      const box = property(type);
      return box && file.readUInt8(box.start);
    };
    const [turns, mirror] = [value('irot'), value('imir')];
    const isCodePoints = (box: Box | undefined) =>
      box?.type === 'colr' && file.toString('latin1', box.start, box.start + 4) === 'nclx';
    const coding = codingOf(file, property('av1C'), own.find(isCodePoints));
    const shown = shownSize(file, own);
    return { codec, shown, premultiplied, coding, turns: turns && turns & 3, mirror: mirror && mirror & 1 };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // beyond the end
    throw error;
  }
}

/** Returns the size of an image after its properties have been applied in order. */
function shownSize(file: Buffer, properties: readonly (Box | undefined)[]): Size | undefined {
  let size: Size | undefined;
  for (const property of properties) {
    if (property === undefined) continue;
    const { type, start } = property;
    const at = (field: number) => file.readUInt32BE(start + 4 * field);
    if (type === 'ispe') size = { width: at(1), height: at(2) };
    if (type === 'clap') size = { width: Math.round(at(0) / at(1)), height: Math.round(at(2) / at(3)) };
    const isSideways = type === 'irot' && (file.readUInt8(start) & 1) === 1;
    if (isSideways && size !== undefined) size = { width: size.height, height: size.width };
  }
  return size;
}

/** Reads an av1C box (https://aomediacodec.github.io/av1-isobmff/) and a colr box of code points. */
function codingOf(file: Buffer, av1: Box | undefined, colours: Box | undefined): Av1Coding | undefined {
  if (av1 === undefined || colours === undefined) return undefined;
  const flags = file.readUInt8(av1.start + 2);
  const isHigh = (flags & 0x40) !== 0;
  return {
    depth: isHigh ? (flags & 0x20 ? 12 : 10) : 8,
    monochrome: (flags & 0x10) !== 0,
    halved: { x: (flags & 8) !== 0, y: (flags & 4) !== 0 },
    limited: (file.readUInt8(colours.start + 10) & 0x80) === 0,
    matrix: file.readUInt16BE(colours.start + 8),
  };
}

/** Reads an infe box. */
function itemOf(file: Buffer, { start }: Box): { readonly id: number; readonly type: string } | undefined {
  const version = file[start] ?? 0;
  if (version < 2) return undefined;
  const id = version === 2 ? file.readUInt16BE(start + 4) : file.readUInt32BE(start + 4);
  const at = start + (version === 2 ? 8 : 10);
  return { id, type: file.toString('latin1', at, at + 4) };
}

/** Returns the properties of an item in an ipma box, counted from 1. */
function propertiesOf(file: Buffer, box: Box | undefined, id: number): number[] {
  if (box === undefined) return [];
  const [wideIds, wideIndices] = [file[box.start] !== 0, ((file[box.start + 3] ?? 0) & 1) === 1];
  let at = box.start + 8;
  while (at < box.end) {
    const item = wideIds ? file.readUInt32BE(at) : file.readUInt16BE(at);
    at += wideIds ? 4 : 2;
    const count = file.readUInt8(at++);
    const size = wideIndices ? 2 : 1;
    if (item === id) {
      return Array.from({ length: Math.min(count, MAX_PROPERTIES) }, (_, i) =>
        wideIndices ? file.readUInt16BE(at + 2 * i) & 0x7fff : file.readUInt8(at + i) & 0x7f,
      );
    }
    at += count * size;
  }
  return [];
}
