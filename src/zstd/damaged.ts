/** Zstandard data that violate their format. Whoever knows where they are says so to people. */
export class DamagedZstdError extends Error {
  override readonly name = 'DamagedZstdError';
}

/** @throws DamagedZstdError unless a condition holds */
export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new DamagedZstdError(what);
}
