import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { proxiesFromEnv } from '../../src/http/proxies.js';
import { ROOT } from '../support/cli.js';

/** No proxies. */
export const DIRECT = proxiesFromEnv({});

/** A model repository. Files named *.safetensors are stored as large files, on the second server. */
export interface HubRepo {
  readonly commit: string; // of main
  readonly files: Readonly<Record<string, Buffer>>;
  readonly token?: string; // gated: only requests with this token may read it
  readonly renamedTo?: string;
}

export interface HubServerOptions {
  readonly repos: Readonly<Record<string, HubRepo>>;
  readonly fault?: (request: SeenRequest) => Fault | undefined; // called before each request is answered
  readonly weakEtags?: boolean;
  readonly secure?: boolean; // the hub uses https, with CERTIFICATE; the storage never does
}

/** The certificate that a process must trust, through NODE_EXTRA_CA_CERTS, to use a secure hub. */
export const CERTIFICATE = `${ROOT}fixtures/tls/localhost.crt`;

/** A request as received. */
export interface SeenRequest {
  readonly at: 'hub' | 'cdn';
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes wrong with one response. `after` counts the bytes of its body. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'redirect'; readonly to: string | undefined }
  | { readonly kind: 'break'; readonly after: number }
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  | { readonly kind: 'content'; readonly data: Buffer }
  | { readonly kind: 'claim'; readonly size: number } // of a large file, in its metadata
  | { readonly kind: 'ignore range' }
  | { readonly kind: 'shift range' }; // answers 206 from one byte later

export interface HubServer {
  readonly endpoint: string; // for HF_ENDPOINT
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/**
 * Starts a server that answers like huggingface.co: commit, etag and size in the headers, large files redirected to
 * another origin (a second port), ranges, error codes.
 */
export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const seen: SeenRequest[] = [];
  const listen = async (at: 'hub' | 'cdn', answer: (exchange: Exchange) => ServerResponse) => {
    const listener = (incoming: IncomingMessage, response: ServerResponse) => {
      const request = readRequest(at, incoming);
      seen.push(request);
      const fault = options.fault?.(request);
      const respond = () => answer({ request, response, fault });
      if (fault?.kind === 'hold') fault.until.then(respond, respond);
      else respond();
    };
    const secure = options.secure && at === 'hub';
    const server = secure ? createSecureServer(localhostIdentity(), listener) : createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };
  const cdn = await listen('cdn', (exchange) => answerStorage(exchange, options));
  const storage = originOf(cdn, 'http');
  const hub = await listen('hub', (exchange) => answerHub(exchange, options, storage));
  return {
    endpoint: originOf(hub, options.secure ? 'https' : 'http'),
    seen,
    close: async () => {
      await Promise.all([hub, cdn].map(close));
    },
  };
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

export function gitBlobSha1(data: Buffer): string {
  return createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
}

/** Reproducible bytes without a period, so that a misplaced piece makes a difference. */
export function sampleBytes(length: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256').update(`${seed}${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

interface Exchange {
  readonly request: SeenRequest;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
}

function readRequest(at: 'hub' | 'cdn', { method, url, headers }: IncomingMessage): SeenRequest {
  const { range, authorization } = headers;
  return { at, method: method ?? '', path: url ?? '', range, authorization };
}

function answerHub(exchange: Exchange, options: HubServerOptions, storage: string): ServerResponse {
  const { request, response, fault } = exchange;
  if (fault?.kind === 'status') return end(response, fault.status, fault.headers);
  if (fault?.kind === 'redirect')
    return end(response, 302, fault.to === undefined ? {} : { location: fault.to });
  const match = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(request.path);
  const [, name = '', revision = '', file = ''] = match ?? [];
  const repo = options.repos[name];
  if (repo === undefined) return refuse(response, request.authorization ? 404 : 401, 'RepoNotFound');
  if (repo.renamedTo !== undefined) {
    return end(response, 307, { location: `/${repo.renamedTo}/resolve/${revision}/${file}` });
  }
  if (repo.token !== undefined && request.authorization !== `Bearer ${repo.token}`) {
    return refuse(response, request.authorization ? 403 : 401, 'GatedRepo');
  }
  if (!['main', repo.commit].includes(decodeURIComponent(revision))) {
    return refuse(response, 404, 'RevisionNotFound');
  }
  const data = repo.files[decodeURIComponent(file)];
  if (data === undefined) return refuse(response, 404, 'EntryNotFound', { 'x-repo-commit': repo.commit });
  response.setHeader('x-repo-commit', repo.commit);
  if (file.endsWith('.safetensors')) {
    response.setHeader('x-linked-etag', `"${sha256(data)}"`);
    response.setHeader('x-linked-size', fault?.kind === 'claim' ? fault.size : data.length);
    return end(response, 302, {
      location: `${storage}/${name}/${file}?signature=secret`,
      etag: '"redirect"',
    });
  }
  response.setHeader('etag', `${options.weakEtags ? 'W/' : ''}"${gitBlobSha1(data)}"`);
  return send(exchange, data);
}

function answerStorage(exchange: Exchange, options: HubServerOptions): ServerResponse {
  const { request, response, fault } = exchange;
  if (fault?.kind === 'status') return end(response, fault.status, fault.headers);
  const [, name = '', file = ''] = /^\/([^/]+\/[^/]+)\/([^?]+)\?/.exec(request.path) ?? [];
  const data = options.repos[name]?.files[file];
  if (data === undefined) return end(response, 404);
  return send(exchange, data);
}

function send({ request, response, fault }: Exchange, content: Buffer): ServerResponse {
  const data = fault?.kind === 'content' ? fault.data : content;
  const asked = fault?.kind === 'ignore range' ? undefined : /^bytes=(\d+)-$/.exec(request.range ?? '')?.[1];
  if (asked !== undefined && Number(asked) >= data.length) {
    return end(response, 416, { 'content-range': `bytes */${data.length}` });
  }
  const start = Number(asked ?? 0) + (fault?.kind === 'shift range' ? 1 : 0);
  const body = data.subarray(start);
  response.statusCode = asked === undefined ? 200 : 206;
  if (asked !== undefined) {
    response.setHeader('content-range', `bytes ${start}-${data.length - 1}/${data.length}`);
  }
  response.setHeader('content-length', body.length);
  if (request.method === 'HEAD') return response.end();
  if (fault?.kind === 'break') response.write(body.subarray(0, fault.after), () => response.destroy());
  else if (fault?.kind === 'stall') response.write(body.subarray(0, fault.after));
  else response.end(body);
  return response;
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse {
  return end(response, status, {
    ...headers,
    'x-error-code': code,
    'x-error-message': `server says ${code}`,
  });
}

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse {
  return response.writeHead(status, { 'content-length': 0, ...headers }).end();
}

/** The key and certificate of a secure server. */
export function localhostIdentity() {
  return { cert: readFileSync(CERTIFICATE), key: readFileSync(`${ROOT}fixtures/tls/localhost.key`) };
}

function originOf(server: Server, protocol: string): string {
  const { port } = server.address() as AddressInfo;
  return `${protocol}://127.0.0.1:${port}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
