/** A box of a file in the style of ISO/IEC 14496-12, as those of HEIC and JPEG 2000 are. */
export interface Box {
  readonly type: string; // four characters
  readonly data: Buffer; // as much as is there
}

const MOST_BOXES = 10_000; // of one level: what is behind is not looked at

/** The boxes that lie one after the other in some bytes, until what follows is none. */
export function* boxesOf(bytes: Buffer): Generator<Box> {
  let at = 0;
  for (let count = 0; count < MOST_BOXES && at + 8 <= bytes.byteLength; count++) {
    const size = bytes.readUInt32BE(at);
    const isLong = size === 1;
    if (isLong && at + 16 > bytes.byteLength) return;
    const head = isLong ? 16 : 8;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : size || bytes.byteLength - at; // 0: to the end
    if (length < head) return;
    yield { type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + head, at + length) };
    at += length;
  }
}

/** The data of the first box of a type. */
export function boxOf(bytes: Buffer, type: string): Buffer | undefined {
  for (const box of boxesOf(bytes)) if (box.type === type) return box.data;
  return undefined;
}
