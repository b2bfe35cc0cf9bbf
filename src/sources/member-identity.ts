import { createHash } from 'node:crypto';
import type { FileIdentity } from '../file-identity.js';

const PLACE_BITS = 40n;
const UNKNOWN_PLACE = 2n ** PLACE_BITS - 1n; // from 1 TiB on

/** Where a member of an archive is. */
export interface MemberPlace {
  readonly header: number; // where its headers begin
  readonly size: number; // bytes
}

/**
 * Returns the identity of a member of an archive: its size and, in place of a time, a number that holds a digest of the archive's own
 * identity and where the member's headers begin. So a member can be found again without reading what precedes it.
 *
 * @param part what else tells its bytes, such as the column of a table
 */
export function memberIdentity(
  { bytes, modified }: FileIdentity,
  { header, size }: MemberPlace,
  part?: string,
): FileIdentity {
  const whole = `${bytes} ${modified}${part === undefined ? '' : ` ${part}`}`;
  const digest = createHash('sha256').update(whole).digest().readBigUInt64LE();
  const place = BigInt(header) < UNKNOWN_PLACE ? BigInt(header) : UNKNOWN_PLACE;
  return { bytes: size, modified: BigInt.asIntN(64, (digest << PLACE_BITS) | place) };
}

/** Returns where the headers of a member begin, by its identity; undefined if that does not tell. */
export function headerIn({ modified }: FileIdentity): number | undefined {
  const place = BigInt.asUintN(64, modified) & UNKNOWN_PLACE;
  return place === UNKNOWN_PLACE ? undefined : Number(place);
}
