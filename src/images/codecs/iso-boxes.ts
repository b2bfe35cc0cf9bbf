/** A box of the ISO base media file format, https://www.iso.org/standard/83102.html */
export interface Box {
  readonly type: string;
  readonly named: number; // byte offset of its type
  readonly start: number; // byte offset of its contents
  readonly end: number;
}

export const MAX_BOXES = 10_000; // per file

/** The number of boxes still to read, shared by all calls that get the same budget. */
export interface BoxBudget {
  boxes: number;
}

/** Yields the consecutive boxes in a part of a file, up to the first with a damaged header. */
export function* boxesOf(file: Buffer, start: number, end: number, budget: BoxBudget): Generator<Box> {
  for (let at = start; at + 8 <= end && budget.boxes-- > 0; ) {
    const size = file.readUInt32BE(at);
    const head = size === 1 ? 16 : 8;
    if (at + head > end) return;
    const length = size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size === 0 ? end - at : size;
    if (length < head) return;
    const type = file.toString('latin1', at + 4, at + 8);
    yield { type, named: at + 4, start: at + head, end: Math.min(at + length, end) };
    at += length;
  }
}
