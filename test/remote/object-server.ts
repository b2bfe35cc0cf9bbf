import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { localhostIdentity } from '../hub/hub-server.js';

/** A request as received. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string; // with the query
  readonly headers: IncomingMessage['headers'];
}

/** What goes wrong with one response, or differs from a server that does all that halonet can use. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  | { readonly kind: 'reset' } // the connection, before an answer
  | { readonly kind: 'break'; readonly after: number } // bytes of the body
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'drip'; readonly everyMs: number } // a byte at a time
  | { readonly kind: 'delay'; readonly ms: number } // before an answer
  | { readonly kind: 'no ranges' }
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> } // instead of the usual ones
  | { readonly kind: 'chunked' }; // without Content-Length

export interface ObjectServer {
  readonly origin: string; // http://127.0.0.1:PORT
  readonly files: Map<string, Buffer>; // by path; may change
  readonly seen: readonly SeenRequest[];
  readonly mostAtOnce: () => number; // requests under way
  close(): Promise<void>;
}

/**
 * Starts a server of files with ETags, ranges, If-Range and If-Match.
 *
 * @param fault called before each request is answered
 * @param secure whether to use https, with CERTIFICATE
 */
export async function startObjectServer(
  files: Readonly<Record<string, Buffer>> = {},
  fault: (request: SeenRequest) => Fault | undefined = () => undefined,
  { secure = false } = {},
): Promise<ObjectServer> {
  const seen: SeenRequest[] = [];
  const current = new Map(Object.entries(files));
  let [now, most] = [0, 0];
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = incoming;
    const request = { method, path: url, headers };
    seen.push(request);
    most = Math.max(most, ++now);
    response.on('close', () => now--);
    response.on('error', () => {});
    const failing = fault(request);
    const respond = () => answer(request, response, current, failing);
    if (failing?.kind === 'delay') setTimeout(respond, failing.ms);
    else respond();
  };
  const server = secure ? createSecureServer(localhostIdentity(), listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http${secure ? 's' : ''}://127.0.0.1:${port}`,
    files: current,
    seen,
    mostAtOnce: () => most,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const etags = new WeakMap<Buffer, string>();

export function etagOf(data: Buffer): string {
  const etag = etags.get(data) ?? `"${createHash('sha256').update(data).digest('hex')}"`;
  etags.set(data, etag);
  return etag;
}

function answer(
  request: SeenRequest,
  response: ServerResponse,
  files: ReadonlyMap<string, Buffer>,
  fault: Fault | undefined,
): void {
  const end = (status: number, headers: Readonly<Record<string, string>> = {}) =>
    void response.writeHead(status, { 'content-length': 0, ...headers }).end();
  const data = files.get(decodeURIComponent(request.path.replace(/\?.*$/, '')));
  if (fault?.kind === 'reset') response.destroy();
  else if (fault?.kind === 'status') end(fault.status, fault.headers);
  else if (fault?.kind === 'redirect') end(fault.status ?? 302, { location: fault.to });
  else if (data === undefined) end(404);
  else send(request, response, data, fault, end);
}

function send(
  { method, headers }: SeenRequest,
  response: ServerResponse,
  data: Buffer,
  fault: Fault | undefined,
  end: (status: number, headers?: Readonly<Record<string, string>>) => void,
): void {
  const changed = fault?.kind === 'headers' ? fault.headers : {};
  const etag = 'etag' in changed ? changed.etag : etagOf(data);
  const { 'if-match': ifMatch, 'if-range': ifRange } = headers;
  if (ifMatch !== undefined && ifMatch !== etag) {
    end(412);
    return;
  }
  const sendsRanges = fault?.kind !== 'no ranges' && (ifRange === undefined || ifRange === etag);
  const range = sendsRanges ? rangeIn(headers.range, data.length) : undefined;
  if (range !== undefined && range.start >= data.length) {
    end(416, { 'content-range': `bytes */${data.length}` });
    return;
  }
  const { start, end: stop } = range ?? { start: 0, end: data.length };
  const body = data.subarray(start, stop);
  const usual: Record<string, string | undefined> = {
    'content-length': fault?.kind === 'chunked' ? undefined : String(body.length),
    etag,
    'content-range': range && `bytes ${start}-${stop - 1}/${data.length}`,
    ...changed,
  };
  const present = Object.entries(usual).filter((entry): entry is [string, string] => entry[1] !== undefined);
  response.writeHead(range === undefined ? 200 : 206, Object.fromEntries(present));
  if (method === 'HEAD') response.end();
  else if (fault?.kind === 'break') response.write(body.subarray(0, fault.after), () => response.destroy());
  else if (fault?.kind === 'stall') response.write(body.subarray(0, fault.after));
  else if (fault?.kind === 'drip') void drip(response, body, fault.everyMs);
  else response.end(body);
}

function rangeIn(header: string | undefined, size: number) {
  const [, start, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (start === undefined) return undefined;
  return { start: Number(start), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

async function drip(response: ServerResponse, body: Buffer, everyMs: number): Promise<void> {
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  response.end();
}
