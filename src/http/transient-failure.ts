/** Error codes of a host that is unreachable, or cannot be trusted: an immediate retry does not help. */
const UNREACHABLE = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** A request that may succeed if retried. Those who make requests turn it into an error of theirs once the attempts are used up. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  readonly kind: 'unreachable' | 'broken' | 'status';
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: {
      readonly kind?: 'status';
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const code = networkCode(options.cause);
    this.kind = options.kind ?? (code !== undefined && UNREACHABLE.includes(code) ? 'unreachable' : 'broken');
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Finds the cause of a failed fetch, which itself only says "fetch failed". */
export function describeNetworkError(error: unknown): string {
  const code = networkCode(error);
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const message = (root instanceof Error ? root.message : String(root)).trim();
  if (!message) return code ?? 'unknown error';
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

function networkCode(error: unknown): string | undefined {
  for (let level = error; level instanceof Error; level = level.cause) {
    if ('code' in level && typeof level.code === 'string') return level.code;
    if (level instanceof AggregateError) return networkCode(level.errors[0]);
  }
  return undefined;
}

/** Returns whether a status may be another one soon. */
export const isTransient = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Returns a status as messages name it. */
export const statusText = (status: number): string =>
  `HTTP ${status}${status === 429 ? ' (too many requests)' : ''}`;
