import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A request as a proxy received it. */
export interface ProxiedRequest {
  readonly line: string; // GET http://hub.example/x, or CONNECT hub.example:443
  readonly authorization: string | undefined; // Proxy-Authorization
}

export interface ProxyServer {
  readonly address: string; // 127.0.0.1:PORT
  readonly seen: readonly ProxiedRequest[];
  close(): Promise<void>;
}

/**
 * Starts an HTTP proxy, which forwards requests for absolute addresses and opens tunnels.
 *
 * @param refusal a status to answer every request with instead; `silence` to answer none
 */
export async function startProxy(refusal?: number | 'silence'): Promise<ProxyServer> {
  const seen: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  const note = ({ method, url, headers }: IncomingMessage) =>
    seen.push({ line: `${method} ${url}`, authorization: headers['proxy-authorization'] });
  const server = createServer((incoming, response) => {
    note(incoming);
    if (refusal === undefined) passOn(incoming, response);
    else if (refusal !== 'silence') response.writeHead(refusal, { 'content-length': 0 }).end();
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    note(incoming);
    if (refusal === undefined) tunnel(incoming.url ?? '', socket, sockets);
    else if (refusal !== 'silence') socket.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
  });
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    seen,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function passOn({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
  const { 'proxy-authorization': _, ...rest } = headers;
  const onward = request(url ?? '', { method, headers: rest }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  onward.end();
}

function tunnel(to: string, socket: Socket, sockets: Set<Socket>): void {
  const { hostname, port } = new URL(`http://${to}`);
  const onward = connect(Number(port), hostname, () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    onward.pipe(socket).pipe(onward);
  });
  sockets.add(onward.on('error', () => socket.destroy()));
}
