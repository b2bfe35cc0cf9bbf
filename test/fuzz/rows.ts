import { FAILURE_CODES } from '../../src/errors.js';
import { CLASS_NAMES } from '../drawing/draw.js';

/** The content of a row of `classify --format jsonl --top-k 1`, or what is wrong with it. */
export type Reading =
  | { readonly status: 'ok'; readonly index: number; readonly score: number }
  | { readonly status: 'failed'; readonly code: string; readonly message: string }
  | { readonly status: 'wrong'; readonly reason: string };

const CODES: ReadonlySet<unknown> = new Set(FAILURE_CODES);

const wrong = (reason: string): Reading => ({ status: 'wrong', reason });

/** Reads a row, which must be that of `path`. */
export function readRow(line: string | undefined, path: string): Reading {
  if (line === undefined) return wrong('no row');
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return wrong(`no JSON: ${line}`);
  }
  if (!isObject(row) || row.path !== path) return wrong(`the row of another: ${line}`);
  if ('error' in row)
    return 'predictions' in row ? wrong(`two results: ${line}`) : readFailure(row.error, path, line);
  const [prediction, ...more] = Array.isArray(row.predictions) ? row.predictions : [];
  if (!isObject(prediction) || more.length > 0) return wrong(`not one prediction: ${line}`);
  const { index, label, score } = prediction;
  const isRight = typeof index === 'number' && label === CLASS_NAMES[index] && typeof score === 'number';
  // The best of 16 classes scores at least a sixteenth.
  if (!isRight || !(score >= 1 / CLASS_NAMES.length && score <= 1)) return wrong(`no prediction: ${line}`);
  return { status: 'ok', index, score };
}

function readFailure(error: unknown, path: string, line: string): Reading {
  if (!isObject(error) || !CODES.has(error.code)) return wrong(`an unknown code: ${line}`);
  const { code, message } = error;
  if (typeof code !== 'string' || typeof message !== 'string' || message === '')
    return wrong(`no message: ${line}`);
  if (/[\r\n]/.test(message) || message.includes(path)) return wrong(`more than a sentence: ${line}`);
  return { status: 'failed', code, message };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Whether two rows give the same result, up to the rounding that depends on batches. */
export function agree(a: Reading, b: Reading): boolean {
  if (a.status === 'ok' && b.status === 'ok')
    return a.index === b.index && Math.abs(a.score - b.score) < 1e-5;
  if (a.status === 'failed' && b.status === 'failed') return a.code === b.code && a.message === b.message;
  return false;
}
