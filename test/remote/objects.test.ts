import assert from 'node:assert/strict';
import type { LookupFunction } from 'node:net';
import { proxiesFromEnv } from '../../src/http/proxies.js';
import { ImageRefusal } from '../../src/refusal.js';
import { RemoteObjects } from '../../src/remote/objects.js';
import type { RemoteSettings } from '../../src/remote/settings.js';
import { sampleBytes } from '../hub/hub-server.js';
import { type ProxyServer, startProxy } from '../hub/proxy-server.js';
import {
  etagOf,
  type Fault,
  type ObjectServer,
  type SeenRequest,
  startObjectServer,
} from './object-server.js';

const MEBIBYTE = 2 ** 20;
const IMAGE = sampleBytes(200_000, 'image');
const LIMIT = 300 * MEBIBYTE;

type Answers = (request: SeenRequest, number: number) => Fault | undefined;

describe('RemoteObjects', () => {
  const ended: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
  });

  /** Starts a server whose faults depend on the number of the request, from 0. */
  async function serve(
    files: Readonly<Record<string, Buffer>>,
    fault: Answers = () => undefined,
  ): Promise<ObjectServer> {
    let number = 0;
    const server = await startObjectServer(files, (request) => fault(request, number++));
    ended.push(server.close);
    return server;
  }

  const waits: number[] = [];

  function open(settings: Partial<RemoteSettings> = {}, signal?: AbortSignal): RemoteObjects {
    waits.length = 0;
    const { timing, ...others } = settings;
    const wait = async (ms: number) => void waits.push(ms);
    const objects = new RemoteObjects(
      {
        proxies: proxiesFromEnv({}),
        requests: 4,
        seconds: 60,
        publicHostsOnly: false,
        timing: { stallMs: 30_000, retries: 5, wait, ...timing },
        ...others,
      },
      signal,
    );
    ended.push(() => objects.close());
    return objects;
  }

  /** Few tests wait for stalls; in the others, a busy machine must not seem to stall. */
  const patienceFor = ({ kind }: Fault) => (kind === 'stall' ? { timing: { stallMs: 500 } } : {});

  async function read(objects: RemoteObjects, address: string, limit = LIMIT): Promise<Uint8Array> {
    const { read } = await objects.open(address);
    return read(limit);
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => assert.fail('it was read'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ImageRefusal, String(error));
    return `${error.failure.code}: ${error.failure.message}`;
  }

  const same = (bytes: Uint8Array, expected: Buffer) => assert.ok(expected.equals(bytes));

  describe('open', () => {
    it('reads all bytes by one request, with the identity that identify tells', async () => {
      const { origin, seen } = await serve({ '/a b.jpg': IMAGE });
      const objects = open();
      const { identity, read } = await objects.open(`${origin}/a b.jpg?x=1#y`);
      same(await read(LIMIT), IMAGE);
      assert.deepEqual(
        seen.map(({ method, path }) => `${method} ${path}`),
        ['GET /a%20b.jpg?x=1'],
      );
      assert.equal(identity.bytes, IMAGE.byteLength);
      assert.deepEqual(await objects.identify(`${origin}/a%20b.jpg`), identity);
      assert.deepEqual(objects.counts, { requests: 2, retries: 0, bytes: IMAGE.byteLength });
    });

    const BROKEN: readonly (readonly [string, Fault])[] = [
      ['resets', { kind: 'reset' }],
      ['breaks off', { kind: 'break', after: 70_000 }],
      ['stalls in the middle', { kind: 'stall', after: 70_000 }],
      ['stalls before the first byte', { kind: 'stall', after: 0 }],
      ['answers 500', { kind: 'status', status: 500 }],
      ['answers 408', { kind: 'status', status: 408 }],
      ['answers 429', { kind: 'status', status: 429 }],
    ];

    for (const [what, fault] of BROKEN) {
      it(`tries again when the server ${what}`, async () => {
        const { origin, seen } = await serve({ '/a': IMAGE }, (_, number) =>
          number < 2 ? fault : undefined,
        );
        const objects = open(patienceFor(fault));
        same(await read(objects, `${origin}/a`), IMAGE);
        if (fault.kind !== 'stall') assert.equal(seen.length, 3);
        assert.equal(objects.counts.retries, seen.length - 1);
      });
    }

    for (const [what, fault] of BROKEN.filter(([, fault]) => !('after' in fault) || fault.after === 0)) {
      it(`fails when the server ${what} six times`, async () => {
        const { origin, seen } = await serve({ '/a': IMAGE }, () => fault);
        assert.match(await refusal(read(open(patienceFor(fault)), `${origin}/a`)), /^network: /);
        assert.equal(seen.length, 6);
      });
    }

    it('continues for as long as each attempt brings something', async () => {
      const { origin, seen } = await serve({ '/a': IMAGE }, () => ({ kind: 'break', after: 20_000 }));
      same(await read(open(), `${origin}/a`), IMAGE);
      assert.ok(seen.length >= 10, `${seen.length} requests`);
    });

    it('waits longer each time', async () => {
      const { origin } = await serve({ '/a': IMAGE }, () => ({ kind: 'status', status: 503 }));
      assert.equal(await refusal(read(open(), `${origin}/a`)), 'network: HTTP 503');
      assert.equal(waits.length, 5);
      for (const [i, ms] of waits.entries()) assert.ok(ms <= 500 * 2 ** i && ms >= 250 * 2 ** i, `${waits}`);
    });

    it('continues a broken download where it stopped, if the server has the same file', async () => {
      const { origin, seen } = await serve({ '/a': IMAGE }, (_, number) =>
        number === 0 ? { kind: 'break', after: 70_000 } : undefined,
      );
      same(await read(open(), `${origin}/a`), IMAGE);
      const { range = '', 'if-range': ifRange } = seen[1]?.headers ?? {};
      const [, start] = /^bytes=(\d+)-$/.exec(range) ?? [];
      assert.ok(Number(start) > 0 && Number(start) <= 70_000, range);
      assert.equal(ifRange, etagOf(IMAGE));
    });

    for (const [what, fault] of [
      ['sends no ranges', { kind: 'no ranges' }],
      ['has only weak ETags', { kind: 'headers', headers: { etag: 'W/"x"' } }],
      ['has no ETag', { kind: 'headers', headers: { etag: undefined } }],
    ] as const satisfies readonly (readonly [string, Fault])[]) {
      it(`starts a broken download again if the server ${what}`, async () => {
        const files = { '/a': IMAGE };
        const first = { kind: 'break', after: 70_000 } as const;
        const { origin } = await serve(files, (_, number) =>
          number === 0 && fault.kind === 'no ranges' ? first : fault,
        );
        same(await read(open(), `${origin}/a`), IMAGE);
      });
    }

    it('refuses a file that changes during its download', async () => {
      const server = await serve({ '/a': IMAGE }, (_, number) => {
        if (number === 0) return { kind: 'break', after: 70_000 };
        server.files.set('/a', sampleBytes(200_000, 'another'));
        return undefined;
      });
      assert.equal(
        await refusal(read(open(), `${server.origin}/a`)),
        'read_failed: the file was changed during its download',
      );
    });

    it('honours Retry-After, for all requests to the server', async () => {
      const slow = { kind: 'status', status: 429, headers: { 'retry-after': '7' } } as const;
      const { origin } = await serve({ '/a': IMAGE }, (_, number) => (number === 0 ? slow : undefined));
      const objects = open();
      const [one, two] = [read(objects, `${origin}/a`), objects.identify(`${origin}/b`)];
      same(await one, IMAGE);
      await two;
      same(await read(objects, `${origin}/a`), IMAGE);
      assert.ok(waits.filter((ms) => ms > 6000 && ms <= 7000).length >= 2, `${waits}`); // the retry, and a later request
    });

    it('fails if the server asks for a long wait', async () => {
      const slow = { kind: 'status', status: 503, headers: { 'retry-after': '7200' } } as const;
      const { origin, seen } = await serve({ '/a': IMAGE }, () => slow);
      assert.equal(
        await refusal(read(open(), `${origin}/a`)),
        'network: HTTP 503, and the server asks to wait 120 minutes',
      );
      assert.equal(seen.length, 1);
    });

    for (const [status, expected] of [
      [401, 'permission: the server answered HTTP 401 (it needs a user name and password)'],
      [403, 'permission: the server answered HTTP 403 (forbidden)'],
      [404, 'not_found: the server answered HTTP 404 (not found)'],
      [410, 'not_found: the server answered HTTP 410 (gone)'],
      [418, 'read_failed: the server answered HTTP 418'],
    ] as const) {
      it(`does not try again after HTTP ${status}`, async () => {
        const { origin, seen } = await serve({}, () => ({ kind: 'status', status }));
        assert.equal(await refusal(read(open(), `${origin}/a`)), expected);
        assert.equal(seen.length, 1);
      });
    }

    it('tries an unreachable host three times', async () => {
      const server = await startObjectServer();
      await server.close();
      assert.match(await refusal(read(open(), `${server.origin}/a`)), /^network: connect ECONNREFUSED/);
      assert.equal(waits.length, 2);
    });

    it('gives up a server that sends too slowly', async () => {
      const { origin } = await serve({ '/a': IMAGE }, () => ({ kind: 'drip', everyMs: 20 }));
      assert.equal(
        await refusal(read(open({ seconds: 0.3 }), `${origin}/a`)),
        'timeout: not received within 0.3 s',
      );
    });

    it('refuses a file beyond the limit without receiving it', async () => {
      const { origin } = await serve({ '/a': IMAGE });
      const objects = open();
      assert.equal(
        await refusal(read(objects, `${origin}/a`, 1000)),
        'too_large: the file has 200000 bytes, beyond the limit of 1000 bytes',
      );
      assert.equal(objects.counts.bytes, 0);
    });

    it('refuses a file that goes on beyond the limit, and an empty one', async () => {
      const { origin } = await serve({ '/a': IMAGE, '/empty': Buffer.alloc(0) }, () => ({ kind: 'chunked' }));
      assert.match(await refusal(read(open(), `${origin}/a`, 1000)), /^too_large: .* of 1000 bytes$/);
      assert.equal(await refusal(read(open(), `${origin}/empty`)), 'empty_file: the file has no bytes');
      same(await read(open(), `${origin}/a`), IMAGE);
    });

    it('takes room for bytes before it receives them', async () => {
      const { origin } = await serve({ '/a': IMAGE }, ({ path }) =>
        path.endsWith('?c') ? { kind: 'chunked' } : undefined,
      );
      for (const [query, once] of [
        ['', true],
        ['?c', false],
      ] as const) {
        const taken: number[] = [];
        const { read } = await open().open(`${origin}/a${query}`);
        await read(LIMIT, async (bytes) => void taken.push(bytes));
        assert.equal(
          taken.reduce((sum, bytes) => sum + bytes),
          IMAGE.byteLength,
        );
        assert.equal(taken.length === 1, once);
      }
    });

    it('says that a page is not an image', async () => {
      const page = Buffer.from('\n<!DOCTYPE html><html>Log in');
      const { origin } = await serve({ '/a.jpg': page }, () => ({
        kind: 'headers',
        headers: { 'content-type': 'text/html; charset=utf-8' },
      }));
      assert.equal(
        await refusal(read(open(), `${origin}/a.jpg`)),
        'unsupported_format: the server sent an HTML page, not an image',
      );
    });

    it('refuses what is no URL', async () => {
      assert.equal(await refusal(read(open(), 'http://[::1/a')), 'invalid_name: not a valid URL');
    });

    it('throws the reason of an abort', async () => {
      const controller = new AbortController();
      const { origin } = await serve({ '/a': IMAGE }, () => ({ kind: 'stall', after: 10 }));
      const { read } = await open({}, controller.signal).open(`${origin}/a`);
      const reading = read(LIMIT);
      controller.abort(new Error('enough'));
      await assert.rejects(reading, /^Error: enough$/);
    });

    it('ends requests when it is closed', async () => {
      const { origin } = await serve({ '/a': IMAGE }, () => ({ kind: 'stall', after: 10 }));
      const objects = open({ timing: { stallMs: 60_000 } });
      const { read } = await objects.open(`${origin}/a`);
      const reading = refusal(read(LIMIT));
      await objects.close();
      assert.equal(await reading, 'network: the run has ended');
    });
  });

  describe('redirects', () => {
    it('are followed, without the credentials on another origin', async () => {
      const cdn = await serve({ '/real': IMAGE });
      const { origin, seen } = await serve({}, ({ path }) => ({
        kind: 'redirect',
        to: path === '/a' ? '/b' : `${cdn.origin}/real?signature=x`,
        status: path === '/a' ? 307 : 302,
      }));
      same(await read(open(), `${origin.replace('//', '//me:se%40cret@')}/a`), IMAGE);
      const basic = `Basic ${Buffer.from('me:se@cret').toString('base64')}`;
      assert.deepEqual(
        seen.map(({ headers }) => headers.authorization),
        [basic, basic],
      );
      assert.deepEqual(
        cdn.seen.map(({ path, headers }) => [path, headers.authorization, headers.referer]),
        [['/real?signature=x', undefined, undefined]],
      );
    });

    it('end after ten', async () => {
      const { origin, seen } = await serve({}, (_, number) => ({ kind: 'redirect', to: `/${number}` }));
      assert.equal(
        await refusal(read(open(), `${origin}/a`)),
        'read_failed: the address was redirected more than 10 times',
      );
      assert.equal(seen.length, 11);
    });

    for (const [to, message] of [
      ['file:///etc/passwd', /^read_failed: .*no http address/],
      ['http://me:secret@127.0.0.1/', /^read_failed: .*user name or password, which are not sent/],
      [
        'http://169.254.169.254/latest/meta-data',
        /^permission: the host is 169\.254\.169\.254, a link-local address/,
      ],
      ['http://metadata.google.internal/', /^permission: .*metadata/],
    ] as const) {
      it(`to ${to.replace('secret', '…')} are refused`, async () => {
        const { origin } = await serve({}, () => ({ kind: 'redirect', to }));
        const text = await refusal(read(open(), `${origin}/a`));
        assert.match(text, message);
        assert.doesNotMatch(text, /secret/);
      });
    }
  });

  describe('hosts', () => {
    const lookup: LookupFunction = (hostname, _, callback) =>
      callback(null, [
        { address: hostname === 'metadata.example' ? '169.254.169.254' : '127.0.0.1', family: 4 },
      ]);

    it('that resolve to a link-local address are not asked', async () => {
      assert.equal(
        await refusal(read(open({ lookup }), 'http://metadata.example/latest')),
        'permission: the host is 169.254.169.254, a link-local address, which halonet does not ask',
      );
    });

    it('of this machine are not asked with publicHostsOnly, by address or name, also after a redirect', async () => {
      const { origin, seen } = await serve({ '/a': IMAGE });
      const { port } = new URL(origin);
      const message = 'permission: the host is 127.0.0.1, not a public address, which halonet does not ask';
      const objects = open({ lookup, publicHostsOnly: true });
      assert.equal(await refusal(read(objects, `${origin}/a`)), message);
      assert.equal(await refusal(read(objects, `http://images.example:${port}/a`)), message);
      const proxy = await serve({}, () => ({ kind: 'redirect', to: `${origin}/a` })); // resolves names itself
      const proxies = proxiesFromEnv({ HTTP_PROXY: proxy.origin });
      assert.equal(
        await refusal(read(open({ proxies, publicHostsOnly: true }), 'http://images.example/a')),
        message,
      );
      assert.deepEqual([proxy.seen.length, seen.length], [1, 0]);
      same(await read(open({ lookup }), `http://images.example:${port}/a`), IMAGE);
      assert.equal(seen.length, 1);
    });

    it('are checked by address also behind a proxy, which may be on this machine', async () => {
      const proxy = await proxied();
      const settings = {
        proxies: proxiesFromEnv({ HTTP_PROXY: `http://${proxy.address}` }),
        publicHostsOnly: true,
      };
      const { origin } = await serve({ '/a': IMAGE });
      assert.match(await refusal(read(open(settings), `${origin}/a`)), /^permission: /);
      assert.match(
        await refusal(read(open(settings), 'http://images.invalid/a')),
        /^(network|read_failed): /,
      );
      assert.deepEqual([...new Set(proxy.seen.map(({ line }) => line))], ['GET http://images.invalid/a']);
    });

    async function proxied(refusal?: number): Promise<ProxyServer> {
      const proxy = await startProxy(refusal);
      ended.push(proxy.close);
      return proxy;
    }

    it('are asked through a proxy, except those in NO_PROXY', async () => {
      const proxy = await proxied();
      const { origin } = await serve({ '/a': IMAGE });
      const env = { HTTP_PROXY: `http://me:secret@${proxy.address}` };
      const objects = open({ proxies: proxiesFromEnv(env) });
      same(await read(objects, `${origin}/a`), IMAGE);
      assert.deepEqual(
        proxy.seen.map(({ line }) => line),
        [`GET ${origin}/a`],
      );
      same(
        await read(open({ proxies: proxiesFromEnv({ ...env, NO_PROXY: '127.0.0.1' }) }), `${origin}/a`),
        IMAGE,
      );
      assert.equal(proxy.seen.length, 1);
    });

    it('are not reached if the proxy wants a password', async () => {
      const proxy = await proxied(407);
      const { origin } = await serve({ '/a': IMAGE });
      const objects = open({ proxies: proxiesFromEnv({ HTTP_PROXY: `http://${proxy.address}` }) });
      assert.match(
        await refusal(read(objects, `${origin}/a`)),
        /^network: .*proxy.*407|^network: .*HTTP 407/,
      );
    });
  });

  describe('identify', () => {
    it('makes as many requests at once as allowed', async () => {
      const { origin, mostAtOnce } = await serve({ '/a': IMAGE }, () => ({ kind: 'delay', ms: 20 }));
      const objects = open({ requests: 3 });
      await Promise.all(Array.from({ length: 20 }, (_, i) => objects.identify(`${origin}/a?${i}`)));
      assert.equal(mostAtOnce(), 3);
    });

    it('asks by GET if the server refuses HEAD, and receives at most a byte', async () => {
      const { origin, seen } = await serve({ '/a': IMAGE }, ({ method }) =>
        method === 'HEAD' ? { kind: 'status', status: 403 } : undefined,
      );
      const objects = open();
      assert.deepEqual(await objects.identify(`${origin}/a`), (await objects.open(`${origin}/a`)).identity);
      assert.deepEqual(
        seen.map(({ method, headers }) => `${method} ${headers.range}`),
        ['HEAD undefined', 'GET bytes=0-0', 'GET undefined'],
      );
    });

    it('tells versions apart by ETag, or else by Last-Modified', async () => {
      let headers: Readonly<Record<string, string | undefined>> = {};
      const { origin } = await serve({ '/a': IMAGE }, () => ({ kind: 'headers', headers }));
      const objects = open();
      const identityWith = (changed: typeof headers) => {
        headers = changed;
        return objects.identify(`${origin}/a`);
      };
      const versions = [
        await identityWith({ etag: '"1"' }),
        await identityWith({ etag: '"2"' }),
        await identityWith({ etag: 'W/"2"' }),
        await identityWith({ etag: undefined, 'last-modified': 'Tue, 01 Dec 2026 10:00:00 GMT' }),
        await identityWith({ etag: undefined, 'last-modified': 'Tue, 01 Dec 2026 10:00:01 GMT' }),
      ];
      assert.equal(new Set(versions.map((one) => one?.modified)).size, 5);
      assert.deepEqual(await identityWith({ etag: '"1"' }), versions[0]);
      assert.equal(await identityWith({ etag: undefined }), undefined);
      assert.deepEqual((await objects.open(`${origin}/a`)).identity, { bytes: 0, modified: 0n }); // as nothing is stored
    });

    it('knows nothing about what is missing or unreachable', async () => {
      const { origin, seen } = await serve({}, (_, number) => (number === 0 ? undefined : { kind: 'reset' }));
      assert.equal(await open().identify(`${origin}/a`), undefined);
      assert.equal(seen.length, 1);
      assert.equal(await open().identify(`${origin}/a`), undefined);
    });
  });

  describe('openRanges', () => {
    const LARGE = sampleBytes(21 * MEBIBYTE + 123, 'large');

    it('reads at any place, and requests each part once', async () => {
      const { origin, seen } = await serve({ '/a': LARGE });
      const objects = open();
      const { identity, read } = await objects.openRanges(`${origin}/a`);
      assert.equal(identity.bytes, LARGE.byteLength);
      for (let at = 0; at < LARGE.byteLength; at += 300_000)
        same(await read(at, 500_000), LARGE.subarray(at, at + 500_000));
      same(await read(LARGE.byteLength - 5, 10), LARGE.subarray(-5));
      assert.equal((await read(LARGE.byteLength, 10)).byteLength, 0);
      assert.equal((await read(LARGE.byteLength + 1, 10)).byteLength, 0);
      assert.equal(objects.counts.bytes, LARGE.byteLength);
      assert.equal(seen.length, 7); // its beginning, and 6 blocks
      const again = await objects.openRanges(`${origin}/a`);
      same(await again.read(100, 10), LARGE.subarray(100, 110));
      assert.equal(seen.length, 7);
    });

    it('requests one block for one small part', async () => {
      const { origin, seen } = await serve({ '/a': LARGE });
      const { read } = await open().openRanges(`${origin}/a`);
      same(await read(10 * MEBIBYTE, 1000), LARGE.subarray(10 * MEBIBYTE, 10 * MEBIBYTE + 1000));
      assert.deepEqual(
        seen.map(({ headers }) => headers.range),
        ['bytes=0-65535', `bytes=${8 * MEBIBYTE}-${12 * MEBIBYTE - 1}`],
      );
      assert.equal(seen[1]?.headers['if-match'], etagOf(LARGE)); // so that the server sends nothing of another version
    });

    it('requests a large part as it is', async () => {
      const { origin, seen } = await serve({ '/a': LARGE });
      const { read } = await open().openRanges(`${origin}/a`);
      same(await read(70_000, 9 * MEBIBYTE), LARGE.subarray(70_000, 70_000 + 9 * MEBIBYTE));
      assert.deepEqual(
        seen.map(({ headers }) => headers.range),
        ['bytes=0-65535', `bytes=70000-${70_000 + 9 * MEBIBYTE - 1}`],
      );
    });

    for (const fault of [
      { kind: 'reset' },
      { kind: 'break', after: 50_000 },
      { kind: 'stall', after: 50_000 },
      { kind: 'status', status: 503 },
      { kind: 'no ranges' },
    ] as const) {
      it(`tries again after ${JSON.stringify(fault)}`, async () => {
        const { origin } = await serve({ '/a': LARGE }, (_, number) =>
          number % 2 === 1 ? fault : undefined,
        );
        const objects = open(patienceFor(fault));
        const { read } = await objects.openRanges(`${origin}/a`);
        const parts: Buffer[] = [];
        for (let at = 0; at < LARGE.byteLength; at += MEBIBYTE) parts.push(await read(at, MEBIBYTE));
        same(Buffer.concat(parts), LARGE);
        if (fault.kind === 'reset') assert.ok(objects.counts.bytes <= LARGE.byteLength, 'received twice');
      });
    }

    for (const [what, headers] of [
      ['its ETag', {}],
      ['Last-Modified', { etag: undefined, 'last-modified': 'Tue, 01 Dec 2026 10:00:00 GMT' }],
    ] as const) {
      it(`refuses parts of another version, by ${what}`, async () => {
        const server = await serve({ '/a': LARGE }, (_, number) => ({
          kind: 'headers',
          headers:
            number > 1 && 'last-modified' in headers
              ? { ...headers, 'last-modified': 'Tue, 01 Dec 2026 10:00:09 GMT' }
              : headers,
        }));
        const { read } = await open().openRanges(`${server.origin}/a`);
        await read(0, 100_000);
        if (!('last-modified' in headers)) server.files.set('/a', sampleBytes(LARGE.byteLength, 'another'));
        assert.equal(
          await refusal(read(20 * MEBIBYTE, 100)),
          'read_failed: the file on the server was changed during the run',
        );
      });
    }

    it('holds small files of servers without ranges, and refuses large ones', async () => {
      const { origin, seen } = await serve(
        { '/small': IMAGE, '/large': Buffer.alloc(33 * MEBIBYTE) },
        () => ({
          kind: 'no ranges',
        }),
      );
      const objects = open();
      const { read, identity } = await objects.openRanges(`${origin}/small`);
      assert.equal(identity.bytes, IMAGE.byteLength);
      same(await read(150_000, 100_000), IMAGE.subarray(150_000));
      same(await read(0, 10), IMAGE.subarray(0, 10));
      assert.equal(seen.length, 1);
      assert.equal(
        await refusal(objects.openRanges(`${origin}/large`)),
        'read_failed: its server does not send parts of a file; download it, and name the copy',
      );
    });

    it('holds small files also after many were opened at once', async () => {
      const names = Array.from({ length: 24 }, (_, i) => `/${i}`);
      const files = Object.fromEntries(names.map((name) => [name, Buffer.alloc(17 * MEBIBYTE)]));
      const { origin, seen } = await serve(files, () => ({ kind: 'no ranges' }));
      const objects = open();
      await Promise.all(names.map((name) => objects.openRanges(origin + name)));
      const before = seen.length;
      for (const name of ['/0', '/1', '/0', '/1']) await objects.openRanges(origin + name);
      assert.equal(seen.length, before + 2);
    });

    it('has an identity without ETag or date, by size and beginning', async () => {
      const server = await serve({ '/a': LARGE }, () => ({ kind: 'headers', headers: { etag: undefined } }));
      const identity = async () => (await open().openRanges(`${server.origin}/a`)).identity;
      const before = await identity();
      assert.deepEqual(await identity(), before);
      server.files.set('/a', sampleBytes(LARGE.byteLength, 'another'));
      assert.notDeepEqual(await identity(), before);
    });

    it('reads empty files', async () => {
      const { origin } = await serve({ '/a': Buffer.alloc(0) });
      const { read, identity } = await open().openRanges(`${origin}/a`);
      assert.equal(identity.bytes, 0);
      assert.equal((await read(0, 10)).byteLength, 0);
    });

    it('opens an object another time after a failure', async () => {
      const { origin } = await serve({ '/a': IMAGE }, (_, number) =>
        number === 0 ? { kind: 'status', status: 403 } : undefined,
      );
      const objects = open();
      assert.match(await refusal(objects.openRanges(`${origin}/a`)), /^permission/);
      same(await (await objects.openRanges(`${origin}/a`)).read(0, LIMIT), IMAGE);
    });
  });
});
