import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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
 */
export async function startObjectServer(
  files: Readonly<Record<string, Buffer>> = {},
  fault: (request: SeenRequest) => Fault | undefined = () => undefined,
): Promise<ObjectServer> {
  const seen: SeenRequest[] = [];
  const current = new Map(Object.entries(files));
  let [now, most] = [0, 0];
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const request = { method, path: url, headers };
    seen.push(request);
    most = Math.max(most, ++now);
    response.on('close', () => now--);
    response.on('error', () => {});
    answer(request, response, current, fault(request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
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

export const etagOf = (data: Buffer): string => `"${createHash('sha256').update(data).digest('hex')}"`;

function answer(
  { method, path, headers }: SeenRequest,
  response: ServerResponse,
  files: ReadonlyMap<string, Buffer>,
  fault: Fault | undefined,
): void {
  if (fault?.kind === 'reset') return void response.destroy();
  if (fault?.kind === 'status')
    return void response.writeHead(fault.status, { 'content-length': 0, ...fault.headers }).end();
  if (fault?.kind === 'redirect')
    return void response.writeHead(fault.status ?? 302, { location: fault.to, 'content-length': 0 }).end();
  const data = files.get(decodeURIComponent(path.replace(/\?.*$/, '')));
  if (data === undefined) return void response.writeHead(404, { 'content-length': 0 }).end();
  const changed = fault?.kind === 'headers' ? fault.headers : {};
  const etag = 'etag' in changed ? changed.etag : etagOf(data);
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && ifMatch !== etag)
    return void response.writeHead(412, { 'content-length': 0 }).end();
  const ifRange = headers['if-range'];
  const asked =
    fault?.kind === 'no ranges' || (ifRange !== undefined && ifRange !== etag)
      ? null
      : /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const [start, end] = asked
    ? [Number(asked[1]), Math.min(data.length, asked[2] === '' ? data.length : Number(asked[2]) + 1)]
    : [0, data.length];
  if (asked && start >= data.length)
    return void response
      .writeHead(416, { 'content-range': `bytes */${data.length}`, 'content-length': 0 })
      .end();
  const body = data.subarray(start, end);
  const usual: Record<string, string | undefined> = {
    ...(fault?.kind !== 'chunked' && { 'content-length': String(body.length) }),
    etag,
    ...(asked && { 'content-range': `bytes ${start}-${end - 1}/${data.length}` }),
    ...changed,
  };
  const present = Object.entries(usual).filter((entry): entry is [string, string] => entry[1] !== undefined);
  response.writeHead(asked ? 206 : 200, Object.fromEntries(present));
  if (method === 'HEAD') return void response.end();
  if (fault?.kind === 'break') response.write(body.subarray(0, fault.after), () => response.destroy());
  else if (fault?.kind === 'stall') response.write(body.subarray(0, fault.after));
  else if (fault?.kind === 'drip') void drip(response, body, fault.everyMs);
  else response.end(body);
}

async function drip(response: ServerResponse, body: Buffer, everyMs: number): Promise<void> {
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  response.end();
}
