import { blobName } from './cache.js';
import type { HubConnection } from './connection.js';
import { type HubFile, notAHub } from './failures.js';
import { hubRequest } from './request.js';
import { withHubRetries } from './retries.js';

/** One version of one file. */
export interface FileMetadata {
  readonly commit: string;
  readonly etag: string; // SHA-256 (64 hex) of a large file, git blob SHA-1 (40 hex) of a small one
  readonly size: number; // bytes
}

/**
 * Asks the hub for the etag and size of a file. Follows redirects of renamed repositories, but not a large file's
 * redirect to its storage, since the redirect's own headers have the answer (X-Repo-Commit, X-Linked-Etag,
 * X-Linked-Size).
 *
 * @throws HubError if refused, or if the answer is not the hub's; TransientFailure if unreachable
 */
export async function fileMetadata(file: HubFile, connection: HubConnection): Promise<FileMetadata> {
  const { headers, redirect, discard } = await withHubRetries(
    file,
    connection,
    () => hubRequest(file, connection, { method: 'HEAD', redirects: 'same-origin' }),
    // Without a network, fail at once instead of after half a minute of retries.
    {
      retriesFor: (failure) =>
        ({ unreachable: 0, broken: 1, status: connection.timing.retries })[failure.kind],
    },
  );
  await discard();
  const commit = headers.get('x-repo-commit');
  const etag = headers.get('x-linked-etag') ?? headers.get('etag');
  const size = headers.get('x-linked-size') ?? (redirect ? null : headers.get('content-length'));
  if (commit === null) {
    const where = redirect === undefined ? 'an answer' : `a redirect to ${redirect.origin}`;
    throw notAHub(file, `${where} without X-Repo-Commit`);
  }
  if (etag === null) throw notAHub(file, 'an answer without ETag');
  if (size === null || !/^\d+$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw notAHub(file, `an answer with the size ${size}`);
  return { commit: blobName(commit), etag: blobName(bareEtag(etag)), size: Number(size) };
}

function bareEtag(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^"|"$/g, '');
}
