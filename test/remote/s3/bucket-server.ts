import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The only credentials that the server accepts. */
export const CREDENTIALS = { id: 'AKIATEST', secret: 'wJalrXUtnFEMI/K7MDENG' };

/** A request as received. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string; // the path and the query, as sent
  readonly range: string | undefined;
  readonly ifMatch: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes wrong with one response. `after` counts the bytes of its body. */
export type Fault =
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'break'; readonly after: number }
  | { readonly kind: 'end'; readonly after: number } // without an error
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'trickle'; readonly ms: number } // between bytes
  | { readonly kind: 'ignore range' }
  | { readonly kind: 'ignore condition' }
  | { readonly kind: 'body'; readonly text: string };

export interface BucketServer {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>; // of the only bucket, by key
  readonly seen: SeenRequest[];
  readonly faults: { next?: ((request: SeenRequest) => Fault | undefined) | undefined };
  close(): Promise<void>;
}

/** The name of the only bucket. */
export const BUCKET = 'photos';

/**
 * Starts a server with what S3 has and s3rver lacks: every key, in the order of their UTF-8 bytes, listings with percent-encoded
 * keys, If-Match, and signatures (SigV4) that are verified. It has one bucket, in memory. Requests without a signature are
 * accepted below `public/`.
 */
export async function startBucketServer(): Promise<BucketServer> {
  const objects = new Map<string, Buffer>();
  const seen: SeenRequest[] = [];
  const faults: BucketServer['faults'] = {};
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const { range, 'if-match': ifMatch, authorization } = headers;
    const request = { method, url, range, ifMatch, authorization };
    seen.push(request);
    answer({ incoming, response, objects, fault: faults.next?.(request) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    seen,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly fault: Fault | undefined;
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

function answer(exchange: Exchange): void {
  const { incoming, response, fault } = exchange;
  const { status, headers, body } = replyTo(exchange);
  const bytes = Buffer.from(body);
  const isHead = incoming.method === 'HEAD';
  response.writeHead(status, {
    ...headers,
    ...((fault?.kind !== 'end' || isHead) && { 'content-length': bytes.byteLength }),
  });
  if (isHead) response.end();
  else if (fault?.kind === 'end') response.end(bytes.subarray(0, fault.after));
  else if (fault?.kind === 'stall') response.write(bytes.subarray(0, fault.after));
  else if (fault?.kind === 'trickle') trickle(response, bytes, fault.ms);
  else if (fault?.kind === 'break')
    response.write(bytes.subarray(0, fault.after), () => {
      response.destroy();
    });
  else response.end(bytes);
}

function trickle(response: ServerResponse, bytes: Buffer, ms: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    if (++sent === bytes.byteLength || response.destroyed) clearInterval(timer);
  }, ms);
}

function replyTo(exchange: Exchange): Reply {
  const { incoming, fault, objects } = exchange;
  const [path = '', query = ''] = (incoming.url ?? '').split('?');
  const [, bucket, ...rest] = path.split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (fault?.kind === 'error') return failure(exchange, fault.status, fault.code, fault.headers);
  if (fault?.kind === 'body') return { status: 200, headers: {}, body: fault.text };
  const asked = new URLSearchParams(query);
  if (incoming.headers.authorization !== undefined) {
    const problem = signatureProblem(incoming, path, asked);
    if (problem !== undefined) return failure(exchange, 403, problem);
  } else if (!(key || asked.get('prefix') || '').startsWith('public/'))
    return failure(exchange, 403, 'AccessDenied');
  if (bucket !== BUCKET) return failure(exchange, 404, 'NoSuchBucket');
  if (key === '') return listing(objects, asked);
  const bytes = objects.get(key);
  return bytes === undefined ? failure(exchange, 404, 'NoSuchKey') : object(exchange, bytes);
}

/** Like AWS's own, it repeats what was sent. */
function failure(
  { incoming }: Exchange,
  status: number,
  code = 'InternalError',
  headers: Reply['headers'] = {},
): Reply {
  const message = escaped(String(incoming.headers.authorization));
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { ...headers, 'content-type': 'application/xml' }, body };
}

const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

function object(exchange: Exchange, bytes: Buffer): Reply {
  const { incoming, fault } = exchange;
  const { range, 'if-match': ifMatch } = incoming.headers;
  const etag = etagOf(bytes);
  if (ifMatch !== undefined && ifMatch !== etag && fault?.kind !== 'ignore condition')
    return failure(exchange, 412, 'PreconditionFailed');
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (first === undefined || fault?.kind === 'ignore range')
    return { status: 200, headers: { etag }, body: bytes };
  if (Number(first) >= bytes.byteLength) return failure(exchange, 416, 'InvalidRange');
  const end = Math.min(Number(last), bytes.byteLength - 1);
  const headers = { etag, 'content-range': `bytes ${first}-${end}/${bytes.byteLength}` };
  return { status: 206, headers, body: bytes.subarray(Number(first), end + 1) };
}

const PAGE = 1000;

function listing(objects: Exchange['objects'], asked: URLSearchParams): Reply {
  const after = Buffer.from(asked.get('continuation-token') ?? '', 'base64url');
  const most = Math.min(PAGE, Number(asked.get('max-keys') ?? PAGE));
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(asked.get('prefix') ?? ''))
    .map((key) => Buffer.from(key))
    .filter((key) => Buffer.compare(key, after) > 0)
    .sort(Buffer.compare);
  const page = keys.slice(0, most);
  const isUrl = asked.get('encoding-type') === 'url';
  const written = (key: string) =>
    isUrl ? encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/') : escaped(key);
  const contents = page.map(String).map((key) => {
    const bytes = objects.get(key) as Buffer;
    return `<Contents><Key>${written(key)}</Key><ETag>${escaped(etagOf(bytes))}</ETag><Size>${bytes.byteLength}</Size></Contents>`;
  });
  const next =
    keys.length > page.length
      ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page.at(-1)?.toString('base64url')}</NextContinuationToken>`
      : '<IsTruncated>false</IsTruncated>';
  const encoding = isUrl ? '<EncodingType>url</EncodingType>' : '';
  const body = `<?xml version="1.0"?><ListBucketResult>${encoding}${next}${contents.join('')}</ListBucketResult>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

/** Verifies a signature: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function signatureProblem(
  { method, headers }: IncomingMessage,
  path: string,
  query: URLSearchParams,
): string | undefined {
  const [, id, scope = '', signed = '', signature] =
    /Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=(\S+)/.exec(headers.authorization ?? '') ?? [];
  if (id !== CREDENTIALS.id) return 'InvalidAccessKeyId';
  const names = signed.split(';');
  const canonical = [
    method,
    path,
    [...query]
      .map((pair) => pair.map(uriEncoded).join('='))
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const toSign = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secret}`);
  return hmac(key, toSign).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}

const uriEncoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
