import type { ImageFailure } from '../errors.js';

/** The name of a member of an archive. */
export interface StoredName {
  readonly name: string; // as stored
  readonly isUtf8: boolean; // whether its bytes are valid in the encoding that the archive states
}

/** Returns a name as ids have it: without `./` at its beginning, and with U+FFFD for NULs, which end texts in many programs. */
export const memberName = ({ name }: Pick<StoredName, 'name'>): string =>
  name.replace(/^(\.\/+)+/, '').replaceAll('\0', '\uFFFD');

/** Returns the failure of a member whose name no file can have; undefined for any other. */
export function nameFailure({ name, isUtf8 }: StoredName): ImageFailure | undefined {
  if (!isUtf8) return { code: 'invalid_name', message: 'the name of the member is not valid UTF-8' };
  if (name.includes('\0')) return { code: 'invalid_name', message: 'the name of the member contains a NUL' };
  return undefined;
}
