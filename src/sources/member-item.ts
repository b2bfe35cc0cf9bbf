import { createHash } from 'node:crypto';
import type { FileIdentity } from '../file-identity.js';
import { openFile } from '../file-item.js';
import { identify } from '../identify.js';
import type { FoundItem, OpenItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { readAt } from './archive-file.js';

/** Where the bytes of a member lie in its archive. */
export interface MemberPlace {
  readonly header: number; // where its headers begin
  readonly offset: number;
  readonly size: number; // bytes
}

/** A member of an archive whose bytes are stored as they are, and can be read at their place. */
export class MemberItem implements FoundItem {
  readonly status = 'found';
  readonly id: string;
  readonly target: string;
  readonly #archive: string; // its path
  readonly #place: MemberPlace;

  constructor(id: string, target: string, archive: string, { header, offset, size }: MemberPlace) {
    this.id = id;
    this.target = target;
    this.#archive = archive;
    this.#place = { header, offset, size };
  }

  async identify(): Promise<FileIdentity | undefined> {
    const archive = await identify(this.#archive);
    return archive && memberIdentity(archive, this.#place);
  }

  async open(): Promise<OpenItem> {
    const { handle, identity } = await openFile(this.#archive);
    const { offset, size } = this.#place;
    return {
      identity: memberIdentity(identity, this.#place),
      async read(limit) {
        try {
          if (size === 0) throw new ImageRefusal('empty_file', 'the member has no bytes');
          if (size > limit)
            throw new ImageRefusal(
              'too_large',
              `the member has ${size} bytes, beyond the limit of ${limit} bytes`,
            );
          const bytes = await readAt(handle, Buffer.allocUnsafeSlow(size), offset);
          if (bytes.byteLength < size)
            throw new ImageRefusal(
              'truncated',
              `the archive ends after ${bytes.byteLength} of ${size} bytes`,
            );
          return bytes;
        } finally {
          await handle.close().catch(() => {}); // nothing was written
        }
      },
    };
  }
}

const BLOCK = 512; // bytes, to which headers are aligned
const PLACE_BITS = 31n;
const UNKNOWN_PLACE = 2n ** PLACE_BITS - 1n; // from 1 TiB on

/**
 * Returns the identity of a member: its size, and in place of a time a number that holds a digest of the archive's identity and the
 * place of the member's headers, so that the member can be found again without a walk of the archive.
 */
export function memberIdentity(
  { bytes, modified }: FileIdentity,
  { header, size }: MemberPlace,
): FileIdentity {
  const digest = createHash('sha256').update(`${bytes} ${modified}`).digest().readBigUInt64LE();
  const place = BigInt(Math.floor(header / BLOCK));
  const packed = (digest << PLACE_BITS) | (place < UNKNOWN_PLACE ? place : UNKNOWN_PLACE);
  return { bytes: size, modified: BigInt.asIntN(64, packed) };
}

/** Returns where the headers of a member begin, by its identity; undefined if that does not hold the place. */
export function headerIn({ modified }: FileIdentity): number | undefined {
  const place = BigInt.asUintN(64, modified) & UNKNOWN_PLACE;
  return place === UNKNOWN_PLACE ? undefined : Number(place) * BLOCK;
}
