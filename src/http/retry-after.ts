const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const HTTP_DATE = /^(mon|tue|wed|thu|fri|sat|sun)/i;

/**
 * Returns how long a server asks to wait, in milliseconds from 0 up to Infinity. Understands seconds or a date in
 * Retry-After, or what the Hugging Face hub sends instead; undefined otherwise.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, https://huggingface.co/docs/hub/rate-limits
 */
export function retryAfterMs(headers: { get(name: string): string | null }): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? secondsToReset(headers.get('ratelimit'));
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * SECOND;
  if (!HTTP_DATE.test(value)) return undefined; // Date.parse reads -40 and 45.5 as years
  const at = Date.parse(value);
  const now = Date.parse(headers.get('date') ?? ''); // from the same clock
  return Number.isNaN(at) ? undefined : Math.max(0, at - (Number.isNaN(now) ? Date.now() : now));
}

/** Parses `"resolvers";r=0;t=55`. */
function secondsToReset(rateLimit: string | null): string | undefined {
  return /;\s*t=(\d+)/.exec(rateLimit ?? '')?.[1];
}

/** Formats a wait, rounded up: `55 s`, `5 minutes`, `24 hours`, `3 days`. */
export function waitText(ms: number): string {
  if (ms <= 2 * MINUTE) return `${Math.ceil(ms / SECOND)} s`;
  if (ms <= 2 * HOUR) return `${Math.ceil(ms / MINUTE)} minutes`;
  if (ms <= 2 * DAY) return `${Math.ceil(ms / HOUR)} hours`;
  return ms <= 10 * YEAR ? `${Math.ceil(ms / DAY)} days` : 'more than ten years';
}
