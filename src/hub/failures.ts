import type { Headers } from 'undici';
import { HubError, HubFileMissingError } from '../errors.js';
import { type Proxies, proxiesText } from '../http/proxies.js';
import { waitText } from '../http/retry-after.js';
import type { TransientFailure } from '../http/transient-failure.js';
import { systemReason } from '../system-reason.js';

/** The file that a request is for, for messages. */
export interface HubFile {
  readonly repo: string;
  readonly file: string;
  readonly revision: string;
  readonly url: string; // on the hub itself: a redirect target may carry a signature
}

const WAYS_OUT =
  'The demo model needs no download, nor does a folder with model.safetensors and config.json.';

const CONTINUES = 'the download continues where it stopped';

const CHECK_HUB = 'Check HF_ENDPOINT, which is https://huggingface.co when unset, and any proxy in between.';

/** The error for a proxy that refuses a request. */
export function proxyRefusal(status: number, file: HubFile, proxies: Proxies): HubError {
  const hint =
    status === 407
      ? 'Put a user name and password into its address: http://user:password@host:port, with special characters percent-encoded.'
      : 'Ask its administrator to let the hub through, or name the host of the hub in NO_PROXY to reach it directly.';
  return new HubError(`cannot download ${file.url}: the proxy answered HTTP ${status}${asProxied(proxies)}`, {
    hint: `${hint} ${WAYS_OUT}`,
  });
}

export function networkFailure(
  failure: TransientFailure,
  file: HubFile,
  { cacheDir, proxies }: { readonly cacheDir: string; readonly proxies: Proxies },
): HubError {
  const check =
    proxiesText(proxies) === undefined
      ? 'Check the network'
      : 'Check the network and the proxy (NO_PROXY lists hosts to reach without it)';
  return new HubError(
    `cannot download ${file.url}: ${failure.message}${asProxied(proxies)}; it is not in the cache ${cacheDir} either`,
    {
      cause: failure,
      hint: `${check}, and run the command again; ${CONTINUES}. ${WAYS_OUT}`,
    },
  );
}

/** Returns the part of a message that names the proxies; empty if there are none. */
function asProxied(proxies: Proxies): string {
  const text = proxiesText(proxies);
  return text === undefined ? '' : ` (${text})`;
}

/** The error for a server that asks for a longer wait than halonet accepts. */
export function tooLongWait(
  failure: TransientFailure,
  wait: { readonly asked: number; readonly longest: number }, // milliseconds
  file: HubFile,
  { token }: { readonly token: string | undefined },
): HubError {
  const more = token === undefined ? 'With a token in HF_TOKEN, the hub allows more requests.' : WAYS_OUT;
  return new HubError(
    `cannot download ${file.url}: ${failure.message}, and the server asks to wait ${waitText(wait.asked)}; halonet waits ${waitText(wait.longest)} at most`,
    { cause: failure, hint: `Run the command again after that time; ${CONTINUES}. ${more}` },
  );
}

/** @param what describes the redirect, after the address: `was redirected to "file:///etc/passwd", which is no http address` */
export function badRedirect(file: HubFile, what: string): HubError {
  return new HubError(`${file.url} ${what}`, { hint: `${CHECK_HUB} ${WAYS_OUT}` });
}

export function offlineFailure(
  repo: string,
  revision: string,
  missing: readonly string[],
  cacheDir: string,
): HubError {
  return new HubError(
    `HF_HUB_OFFLINE is set and the cache ${cacheDir} lacks ${missing.join(', ')} of ${repo} (${revision})`,
    {
      hint: `Unset HF_HUB_OFFLINE for one run to download it, or name the cache with HF_HUB_CACHE. ${WAYS_OUT}`,
    },
  );
}

/** The error for a permanent refusal. `headers` are the response's, with the hub's X-Error-* explanations. */
export function refusal(
  status: number,
  headers: Headers,
  file: HubFile,
  { token, proxies }: { readonly token: string | undefined; readonly proxies: Proxies },
): HubError {
  const code = headers.get('x-error-code');
  const said = headers.get('x-error-message');
  const from = code === null ? asProxied(proxies) : ''; // without an error code from the hub, the answer may be a proxy's
  const answer = `HTTP ${status}${code ? ` ${code}` : ''}${said ? `: ${said}` : ''}${from}`;
  if (code === 'EntryNotFound') {
    return new HubFileMissingError(
      `the repository ${file.repo} has no file ${file.file} at ${file.revision} (${answer})`,
      {
        hint: `Its files are listed at ${file.url.split('/resolve/')[0]}/tree/main. ${WAYS_OUT}`,
      },
    );
  }
  if (code === 'RevisionNotFound') {
    return new HubError(`the repository ${file.repo} has no revision ${file.revision} (${answer})`, {
      hint: 'Use main, another branch, a tag or a full commit hash.',
    });
  }
  if (status === 401 || status === 403) {
    const check = token
      ? 'Check the spelling, accept its terms on its page, and check that HF_TOKEN may read it.'
      : 'Check the spelling; if it is gated or private, accept its terms on its page and set HF_TOKEN to a token of yours.';
    return new HubError(`${file.repo} is gated, private or does not exist: ${file.url} answered ${answer}`, {
      hint: `${check} ${WAYS_OUT}`,
    });
  }
  if (status === 404 || code === 'RepoNotFound') {
    return new HubError(`no repository ${file.repo} with ${file.file} at ${file.url} (${answer})`, {
      hint: `Check the spelling; a private repository needs HF_TOKEN. ${WAYS_OUT}`,
    });
  }
  return new HubError(`${file.url} answered ${answer}`, {
    hint: `${CHECK_HUB} ${WAYS_OUT}`,
  });
}

export function notAHub(file: HubFile, what: string): HubError {
  return new HubError(`${file.url} does not answer as the Hugging Face hub does: ${what}`, {
    hint: `${CHECK_HUB} ${WAYS_OUT}`,
  });
}

export function contentFailure(file: HubFile, expected: string, received: string): HubError {
  return new HubError(
    `${file.url} was downloaded twice with the wrong content: expected ${expected}, received ${received}`,
    {
      hint: `A proxy alters or cuts the file, or the hub's copy is damaged; nothing was put into the cache. ${WAYS_OUT}`,
    },
  );
}

/** Whether it is the file system's error for a full disk or an exhausted quota. */
export function isFull(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))
  );
}

/** @param began whether part of the file is in the cache already */
export function noRoomHint(began: boolean): string {
  const again = began ? `run the command again (${CONTINUES})` : 'run the command again';
  return `Free some space there and ${again}, or set HF_HOME or HF_HUB_CACHE to a folder with room.`;
}

/** The error for a failed file system operation. */
export function cacheFailure(error: Error, cacheDir: string): HubError {
  const full = isFull(error);
  const place = 'path' in error ? ` (${error.path})` : '';
  return new HubError(
    `${full ? 'no room in' : 'cannot use'} the Hugging Face cache ${cacheDir}: ${systemReason(error)}${place}`,
    {
      cause: error,
      hint: full
        ? noRoomHint(true)
        : 'Make it readable and writable, or set HF_HOME or HF_HUB_CACHE to a folder of your own.',
    },
  );
}
