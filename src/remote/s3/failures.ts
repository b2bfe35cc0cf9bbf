import type { ImageFailure } from '../../errors.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { describeNetworkError, isTransient, TransientFailure } from '../../http/transient-failure.js';
import { ImageRefusal } from '../../refusal.js';
import { rethrowShortage } from '../../shortage.js';
import { forbiddenIn } from '../hosts.js';

type Known = readonly [code: ImageFailure['code'], message: string];

/** What a request says if the bucket does not exist. */
export const NO_BUCKET = 'no such bucket';

/** What a request says if an object is not the one that was asked for before. */
export const CHANGED = 'the object was changed during the run';

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const KNOWN: Readonly<Record<string, Known>> = {
  NoSuchBucket: ['not_found', NO_BUCKET],
  NoSuchKey: ['not_found', 'no such object'],
  PreconditionFailed: ['read_failed', CHANGED],
  InvalidObjectState: ['read_failed', 'the object is archived, and has to be restored first'],
  ExpiredToken: ['permission', 'the credentials have expired'],
  InvalidToken: ['permission', 'the credentials are not valid'],
};

interface SdkError extends Error {
  readonly code?: unknown; // of Node or undici
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
}

/**
 * Returns what an error of AWS's SDK means. The message holds nothing that the request had: its headers carry credentials.
 *
 * @throws ShortageError if too many files are open
 * @throws any error that is not about a request
 */
export function s3Failure(error: unknown): ImageRefusal | TransientFailure {
  if (error instanceof ImageRefusal || error instanceof TransientFailure) return error;
  rethrowShortage(error);
  const forbidden = forbiddenIn(error);
  if (forbidden !== undefined) return forbidden;
  if (!(error instanceof Error)) throw error;
  const { name, code, message, $metadata } = error as SdkError;
  if (/^(Credentials|Token)ProviderError$/.test(name)) return noCredentials(message);
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 300) return answered(status, error);
  if (typeof code === 'string') return new TransientFailure(describeNetworkError(error), { cause: error });
  if ($metadata !== undefined) return notS3();
  throw error;
}

/** Returns the failure for an answer that makes no sense. */
export const notS3 = () => new ImageRefusal('network', 'the server does not answer as S3 does');

function answered(status: number, error: SdkError): ImageRefusal | TransientFailure {
  const { name, $metadata, $response } = error;
  const answer = /^(?!Unknown)[A-Za-z.]{1,64}$/.test(name)
    ? `the server answered ${name} (HTTP ${status})`
    : `the server answered HTTP ${status}`;
  if (isTransient(status) || name === 'RequestTimeout' || $metadata?.clockSkewCorrected)
    return new TransientFailure(answer, {
      kind: 'status',
      retryAfterMs: retryAfterMs(new Headers($response?.headers)),
    });
  return new ImageRefusal(...(KNOWN[name] ?? knownByStatus(status, answer)));
}

function knownByStatus(status: number, answer: string): Known {
  if (status === 404) return ['not_found', 'no such object'];
  if (status === 401 || status === 403) return ['permission', answer];
  return ['read_failed', status === 412 ? CHANGED : answer];
}

/** @param message of the SDK, which may hold the command that was to print the credentials, and is not shown */
const noCredentials = (message: string) =>
  new ImageRefusal(
    'permission',
    /\bSSO\b/i.test(message) ? 'the SSO session has expired, or has not begun' : 'no credentials were found',
  );
