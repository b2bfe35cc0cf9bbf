import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Proxies, proxiesFromEnv } from '../../../src/http/proxies.js';
import type { TransferTiming } from '../../../src/http/timing.js';
import { ImageRefusal } from '../../../src/refusal.js';
import { Attempts } from '../../../src/remote/attempts.js';
import { S3Store } from '../../../src/remote/s3/store.js';
import type { S3Server } from '../../../src/remote/settings.js';
import { startProxy } from '../../hub/proxy-server.js';
import { withAwsEnvironment } from './aws-environment.js';
import { BUCKET, type BucketServer, CREDENTIALS, type Fault, startBucketServer } from './bucket-server.js';

const LIMIT = 2 ** 20; // bytes

describe('S3Store', () => {
  withAwsEnvironment({ AWS_ACCESS_KEY_ID: CREDENTIALS.id, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secret });

  let server: BucketServer;
  const stores: S3Store[] = [];
  let attempts: Attempts; // of the store that was opened last
  const waits: number[] = [];
  const folders: string[] = [];

  beforeEach(async () => {
    server = await startBucketServer();
    waits.length = 0;
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await server.close();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  interface Opened extends S3Server {
    readonly proxies?: Proxies;
    readonly timing?: Partial<TransferTiming>;
    readonly seconds?: number;
    readonly signal?: AbortSignal;
    readonly lookup?: LookupFunction;
  }

  /** Opens the store, which waits for nothing between attempts. */
  const open = ({
    proxies = proxiesFromEnv({}),
    timing,
    seconds = 60,
    signal,
    lookup,
    ...s3
  }: Opened = {}) => {
    const wait = async (ms: number) => {
      waits.push(ms);
    };
    attempts = new Attempts({ seconds, timing: { wait, ...timing } }, signal);
    const store = new S3Store({ proxies, lookup, s3: { endpoint: server.endpoint, ...s3 } }, attempts);
    stores.push(store);
    return store;
  };
  const put = (key: string, text: string) => server.objects.set(key, Buffer.from(text));
  const read = async (store: S3Store, address: string) =>
    String(await (await store.open(address)).read(LIMIT));
  const failureOf = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => assert.fail('it should have failed'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof ImageRefusal)) throw error;
    return error.failure;
  };
  const listed = async (store: S3Store, address: string) => {
    const addresses: string[] = [];
    for await (const one of store.listing.objects(address)) addresses.push(one.address);
    return addresses;
  };

  /** Goes wrong once for each of the faults, in turn, at requests of a kind. */
  const failing = (
    faults: readonly Fault[],
    isMeant = ({ method }: { method: string }) => method === 'GET',
  ) => {
    const left = [...faults];
    server.faults.next = (request) => (isMeant(request) ? left.shift() : undefined);
  };

  const ODD_KEYS = [
    '/leading.jpg',
    'a b.jpg',
    'a+b.jpg',
    'a%20b.jpg',
    'a//b.jpg',
    './dot.jpg',
    '../../up.jpg',
    'a/../b.jpg',
    'a/',
    'q?x=1&y#z.jpg',
    `!'()*~;:@=,$[]{}|^"<>\\.jpg`,
    'tab\tbell\u0007.jpg',
    'ü–日本語😀.jpg',
    'e\u0301.jpg',
    '\u00e9.jpg',
    ' ',
  ];

  it('reads and lists objects whatever the characters of their keys', async () => {
    const store = open();
    for (const key of ODD_KEYS) put(key, `bytes of ${key}`);
    for (const key of ODD_KEYS) {
      const address = `s3://${BUCKET}/${key}`;
      assert.equal(await read(store, address), `bytes of ${key}`);
      assert.equal((await store.identify(address))?.bytes, Buffer.byteLength(`bytes of ${key}`));
    }
    const sorted = ODD_KEYS.map((key) => Buffer.from(`s3://${BUCKET}/${key}`)).sort(Buffer.compare);
    assert.deepEqual(await listed(store, `s3://${BUCKET}/`), sorted.map(String));
    assert.deepEqual(await listed(store, `s3://${BUCKET}/a/`), [
      `s3://${BUCKET}/a/`,
      `s3://${BUCKET}/a/../b.jpg`,
      `s3://${BUCKET}/a//b.jpg`,
    ]);
  });

  it('lists thousands of objects by pages, as they are needed, and leaves out the markers of folders', async () => {
    for (let i = 0; i < 2500; i++) put(`many/${String(i).padStart(4, '0')}.jpg`, 'x');
    put('many/', '');
    put('many/0100/', '');
    put('other/a.jpg', 'x');
    const store = open();
    const all = await listed(store, `s3://${BUCKET}/many/`);
    assert.equal(all.length, 2500);
    assert.equal(new Set(all).size, 2500);
    assert.equal(all[2499], `s3://${BUCKET}/many/2499.jpg`);
    assert.equal(attempts.counts.requests, 3);
    const generator = store.listing.objects(`s3://${BUCKET}/many/`);
    await generator.next();
    assert.equal(attempts.counts.requests, 4);
  });

  it('gives the same identity when it lists, opens and identifies an object, and another after a change', async () => {
    put('a.jpg', 'first');
    const store = open();
    const address = `s3://${BUCKET}/a.jpg`;
    const opened = await store.open(address);
    await opened.read(LIMIT);
    const { value } = await store.listing.objects(address).next();
    const { identity } = await store.openRanges(address);
    for (const one of [await store.identify(address), value.identity, identity])
      assert.deepEqual(one, opened.identity);
    assert.equal(identity.bytes, 5);
    put('a.jpg', 'other');
    assert.notDeepEqual(await store.identify(address), opened.identity);
  });

  it('waits for room in memory before it reads', async () => {
    put('a.jpg', '0123456789');
    const item = await open().open(`s3://${BUCKET}/a.jpg`);
    const taken: number[] = [];
    await item.read(LIMIT, async (bytes) => {
      assert.equal(attempts.counts.bytes, 0);
      taken.push(bytes);
    });
    assert.deepEqual([taken, attempts.counts.bytes], [[10], 10]);
  });

  it('reads parts at any place, and refuses those of another version', async () => {
    put('a.tar', '0123456789');
    const store = open();
    const { read } = await store.openRanges(`s3://${BUCKET}/a.tar`);
    assert.equal(String(await read(0, 3)), '012');
    assert.equal(String(await read(7, 100)), '789');
    assert.equal(String(await read(10, 5)), '');
    assert.equal(String(await read(100, 5)), '');
    assert.equal(attempts.counts.bytes, 6);
    put('a.tar', 'abcdefghij');
    assert.deepEqual(await failureOf(read(0, 3)), {
      code: 'read_failed',
      message: 'the object was changed during the run',
    });
    assert.match(server.seen.at(-1)?.ifMatch ?? '', /^"[0-9a-f]{32}"$/);
    failing([{ kind: 'ignore condition' }]);
    assert.equal((await failureOf(read(0, 3))).message, 'the object was changed during the run');
  });

  it('refuses a server that sends the whole object instead of a part', async () => {
    put('a.tar', '0123456789');
    failing([{ kind: 'ignore range' }]);
    const { read } = await open().openRanges(`s3://${BUCKET}/a.tar`);
    assert.deepEqual(await failureOf(read(2, 3)), {
      code: 'read_failed',
      message: 'the server does not send parts of objects',
    });
  });

  it('continues a transfer where it broke off, stalled or ended', async () => {
    put('a.jpg', '0123456789');
    failing([
      { kind: 'break', after: 3 },
      { kind: 'error', status: 503, code: 'SlowDown' },
      { kind: 'stall', after: 2 },
      { kind: 'end', after: 4 },
    ]);
    assert.equal(await read(open({ timing: { stallMs: 200 } }), `s3://${BUCKET}/a.jpg`), '0123456789');
    assert.deepEqual(
      server.seen.map(({ range }) => range),
      [undefined, 'bytes=3-9', 'bytes=3-9', 'bytes=5-9', 'bytes=9-9'],
    );
    assert.deepEqual(attempts.counts, { requests: 5, retries: 4, bytes: 10 });
  });

  it('continues a transfer as long as it makes progress', async () => {
    put('a.jpg', '0123456789');
    failing(Array.from({ length: 9 }, () => ({ kind: 'break', after: 1 })));
    assert.equal(await read(open(), `s3://${BUCKET}/a.jpg`), '0123456789');
    failing(Array.from({ length: 7 }, () => ({ kind: 'break', after: 0 })));
    assert.equal((await failureOf(read(open(), `s3://${BUCKET}/a.jpg`))).code, 'network');
  });

  it('does not continue a transfer with the bytes of another version', async () => {
    put('a.jpg', '0123456789');
    const item = await (async () => {
      failing([{ kind: 'break', after: 3 }]);
      return open().open(`s3://${BUCKET}/a.jpg`);
    })();
    put('a.jpg', 'abcdefghij');
    assert.deepEqual(await failureOf(item.read(LIMIT)), {
      code: 'read_failed',
      message: 'the object was changed during the run',
    });
  });

  it('retries a request that fails for a while, and waits as long as the server asks', async () => {
    put('a.jpg', 'x');
    failing([
      { kind: 'error', status: 500 },
      { kind: 'error', status: 503, code: 'SlowDown', headers: { 'retry-after': '7' } },
    ]);
    assert.equal(await read(open(), `s3://${BUCKET}/a.jpg`), 'x');
    assert.equal(waits.length, 2);
    assert.equal(waits[1], 7000);
  });

  it('gives up after five retries, and at once for a wait of more than five minutes', async () => {
    put('a.jpg', 'x');
    const store = open();
    server.faults.next = () => ({ kind: 'error', status: 503, code: 'SlowDown' });
    assert.deepEqual(await failureOf(store.open(`s3://${BUCKET}/a.jpg`)), {
      code: 'network',
      message: 'the server answered SlowDown (HTTP 503)',
    });
    assert.deepEqual(attempts.counts, { requests: 6, retries: 5, bytes: 0 });
    server.faults.next = () => ({
      kind: 'error',
      status: 429,
      code: 'SlowDown',
      headers: { 'retry-after': '3600' },
    });
    assert.deepEqual(await failureOf(store.open(`s3://${BUCKET}/a.jpg`)), {
      code: 'network',
      message: 'the server answered SlowDown (HTTP 429), and the server asks to wait 60 minutes',
    });
    assert.equal(attempts.counts.requests, 7);
  });

  it('says why an object cannot be read', async () => {
    put('empty.jpg', '');
    put('large.jpg', 'x'.repeat(100));
    const store = open();
    const failures = {
      [`s3://${BUCKET}/none.jpg`]: { code: 'not_found', message: 'no such object' },
      's3://other/a.jpg': { code: 'not_found', message: 'no such bucket' },
      's3:///a.jpg': { code: 'invalid_name', message: 'the address names no bucket' },
      's3://a:b/a.jpg': { code: 'invalid_name', message: 'the address names no bucket' },
      [`s3://${BUCKET}/`]: { code: 'invalid_name', message: 'the address names no object in the bucket' },
      [`s3://${BUCKET}/\ud800.jpg`]: { code: 'invalid_name', message: 'the key is not valid Unicode' },
    };
    for (const [address, failure] of Object.entries(failures)) {
      assert.deepEqual(await failureOf((async () => store.open(address))()), failure);
      assert.equal(await store.identify(address), undefined);
    }
    assert.equal((await failureOf(read(store, `s3://${BUCKET}/empty.jpg`))).code, 'empty_file');
    const large = await store.open(`s3://${BUCKET}/large.jpg`);
    assert.equal((await failureOf(large.read(99))).code, 'too_large');
    assert.deepEqual(await failureOf(listed(store, 's3://other/')), {
      code: 'not_found',
      message: 'no such bucket',
    });
  });

  it('says that a server is none of S3', async () => {
    server.faults.next = () => ({ kind: 'body', text: '<html>Please log in</html>' });
    const failure = { code: 'network', message: 'the server does not answer as S3 does' };
    assert.deepEqual(await failureOf(open().open(`s3://${BUCKET}/a.jpg`)), failure);
    server.faults.next = () => ({ kind: 'body', text: 'not XML' });
    assert.deepEqual(await failureOf(listed(open(), `s3://${BUCKET}/`)), failure);
  });

  it('ends a listing whose pages would never end', async () => {
    const text =
      '<?xml version="1.0"?><ListBucketResult><NextContinuationToken>a</NextContinuationToken></ListBucketResult>';
    server.faults.next = () => ({ kind: 'body', text });
    const failure = await failureOf(listed(open(), `s3://${BUCKET}/`));
    assert.equal(failure.message, 'the server does not answer as S3 does');
  });

  it('shows no credentials in the messages of refusals', async () => {
    put('a.jpg', 'x');
    process.env.AWS_ACCESS_KEY_ID = 'AKIAWRONG';
    const failure = await failureOf(open().open(`s3://${BUCKET}/a.jpg`));
    assert.deepEqual(failure, {
      code: 'permission',
      message: 'the server answered InvalidAccessKeyId (HTTP 403)',
    });
    process.env.AWS_ACCESS_KEY_ID = CREDENTIALS.id;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    assert.deepEqual(await failureOf(open().open(`s3://${BUCKET}/a.jpg`)), {
      code: 'permission',
      message: 'the server answered SignatureDoesNotMatch (HTTP 403)',
    });
  });

  it('looks for credentials once, and makes no request without any', async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    const store = open();
    for (const name of ['a', 'b'])
      assert.deepEqual(await failureOf(store.open(`s3://${BUCKET}/${name}`)), {
        code: 'permission',
        message: 'no credentials were found',
      });
    assert.equal(attempts.counts.requests, 0);
  });

  it('sends no signature when anonymous, whatever credentials there are', async () => {
    put('public/a.jpg', 'x');
    put('private/a.jpg', 'x');
    const store = open({ anonymous: true });
    assert.equal(await read(store, `s3://${BUCKET}/public/a.jpg`), 'x');
    assert.deepEqual(await listed(store, `s3://${BUCKET}/public/`), [`s3://${BUCKET}/public/a.jpg`]);
    assert.equal((await failureOf(store.open(`s3://${BUCKET}/private/a.jpg`))).code, 'permission');
    assert.ok(server.seen.every(({ authorization }) => authorization === undefined));
    delete process.env.AWS_ACCESS_KEY_ID;
    assert.equal(await read(open({ anonymous: true }), `s3://${BUCKET}/public/a.jpg`), 'x');
  });

  it('uses the endpoint of the environment with paths for buckets', async () => {
    put('a.jpg', 'x');
    process.env.AWS_ENDPOINT_URL_S3 = server.endpoint.replace('127.0.0.1', 'localhost');
    assert.equal(await read(open({ endpoint: undefined }), `s3://${BUCKET}/a.jpg`), 'x');
    assert.match(server.seen[0]?.url ?? '', new RegExp(`^/${BUCKET}/a\\.jpg`));
    process.env.AWS_ENDPOINT_URL_S3 = 'localhost:9000';
    assert.deepEqual(await failureOf(open({ endpoint: undefined }).open(`s3://${BUCKET}/a.jpg`)), {
      code: 'network',
      message: 'the endpoint of S3 is not an http or https address',
    });
  });

  it('never asks a link-local address, named as the endpoint or resolved from its name', async () => {
    put('a.jpg', 'x');
    const message = 'the host is 169.254.169.254, a link-local address, which halonet does not ask';
    const lookup: LookupFunction = (_, __, callback) =>
      callback(null, [{ address: '169.254.169.254', family: 4 }]);
    for (const given of [
      { endpoint: 'http://169.254.169.254:1' },
      { endpoint: server.endpoint.replace('127.0.0.1', 's3.example'), lookup },
    ])
      assert.deepEqual(await failureOf(open(given).open(`s3://${BUCKET}/a.jpg`)), {
        code: 'permission',
        message,
      });
    assert.equal(server.seen.length, 0);
    process.env.AWS_ENDPOINT_URL_S3 = 'http://[fd00:ec2::254]:1';
    const refused = await failureOf(open({ endpoint: undefined }).open(`s3://${BUCKET}/a.jpg`));
    assert.match(refused.message, /^the host is fd00:ec2::254, a link-local address/);
  });

  /** Writes a profile as the shared configuration of AWS's programs, and selects it. */
  const useProfile = async (lines: readonly string[]) => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-aws-'));
    folders.push(folder);
    process.env.AWS_CONFIG_FILE = join(folder, 'config');
    process.env.AWS_PROFILE = 'lab';
    delete process.env.AWS_ACCESS_KEY_ID;
    await writeFile(process.env.AWS_CONFIG_FILE, ['[profile lab]', ...lines, ''].join('\n'));
  };

  it('uses the endpoint, the region and the credentials of a profile', async () => {
    put('a.jpg', 'x');
    await useProfile([
      `endpoint_url = ${server.endpoint}`,
      'region = eu-north-1',
      `aws_access_key_id = ${CREDENTIALS.id}`,
      `aws_secret_access_key = ${CREDENTIALS.secret}`,
    ]);
    assert.equal(await read(open({ endpoint: undefined, region: 'us-west-2' }), `s3://${BUCKET}/a.jpg`), 'x');
    assert.match(server.seen[0]?.authorization ?? '', /\/eu-north-1\/s3\//);
  });

  it('shows nothing of a program that was to print credentials', async () => {
    const calls = join(tmpdir(), `halonet-calls-${process.pid}`);
    await useProfile([`credential_process = sh -c "echo secret; echo secret | tee -a ${calls} >&2; exit 1"`]);
    const store = open();
    const callsAfter = async () => {
      assert.deepEqual(await failureOf(store.open(`s3://${BUCKET}/a.jpg`)), {
        code: 'permission',
        message: 'no credentials were found',
      });
      return readFile(calls, 'utf8');
    };
    assert.equal(await callsAfter(), await callsAfter()); // once for all requests
    await rm(calls);
  });

  it('follows a bucket into its region', async () => {
    put('a.jpg', 'x');
    const headers = { 'x-amz-bucket-region': 'ap-south-1' };
    failing([{ kind: 'error', status: 301, code: 'PermanentRedirect', headers }]);
    assert.equal(await read(open({ region: 'us-west-2' }), `s3://${BUCKET}/a.jpg`), 'x');
    assert.equal(await read(stores[0] as S3Store, `s3://${BUCKET}/a.jpg`), 'x');
    assert.deepEqual(
      server.seen.map(({ authorization }) => authorization?.split('/')[2]),
      ['us-west-2', 'ap-south-1', 'ap-south-1'],
    );
  });

  it('goes through the proxy, except to hosts that bypass it', async () => {
    put('a.jpg', 'x');
    const proxy = await startProxy();
    try {
      const http_proxy = `http://user:password@${proxy.address}`;
      assert.equal(
        await read(open({ proxies: proxiesFromEnv({ http_proxy }) }), `s3://${BUCKET}/a.jpg`),
        'x',
      );
      assert.equal(proxy.seen.length, 1);
      assert.ok(proxy.seen[0]?.line.startsWith(`GET ${server.endpoint}/${BUCKET}/a.jpg`));
      const direct = proxiesFromEnv({ http_proxy, no_proxy: '127.0.0.1' });
      assert.equal(await read(open({ proxies: direct }), `s3://${BUCKET}/a.jpg`), 'x');
      assert.equal(proxy.seen.length, 1);
    } finally {
      await proxy.close();
    }
  });

  it('gives up an object that takes too long', async () => {
    put('a.jpg', '0123456789');
    server.faults.next = () => ({ kind: 'stall', after: 1 });
    const store = open({ seconds: 0.3, timing: { stallMs: 100 } });
    const failure = { code: 'timeout', message: 'not received within 0.3 s' };
    assert.deepEqual(await failureOf(read(store, `s3://${BUCKET}/a.jpg`)), failure);
    server.faults.next = () => ({ kind: 'trickle', ms: 50 });
    assert.deepEqual(await failureOf(read(store, `s3://${BUCKET}/a.jpg`)), failure);
  });

  it('takes an address for a mistake if all of its bucket would fail, after one request for each bucket', async () => {
    put('a.jpg', 'x');
    const store = open();
    const mistakeOf = async (address: string, in_ = store) => (await in_.mistake(address))?.message;
    assert.equal(await mistakeOf(`s3://${BUCKET}/a.jpg`), undefined);
    assert.equal(await mistakeOf(`s3://${BUCKET}/none.jpg`), undefined);
    assert.equal(attempts.counts.requests, 1);
    assert.equal(await mistakeOf(`s3://${BUCKET}/none/`), undefined);
    assert.equal(await mistakeOf(`s3://${BUCKET}`), undefined);
    assert.equal(attempts.counts.requests, 2);
    assert.equal(await mistakeOf('s3://a:b/c.jpg'), undefined); // it may be a pattern
    put('many/a.jpg', 'x');
    assert.equal(
      await mistakeOf(`s3://${BUCKET}/many`),
      `there is no object s3://${BUCKET}/many, but there are objects below s3://${BUCKET}/many/`,
    );
    assert.equal(await mistakeOf(`s3://${BUCKET}/few`), undefined);
    for (const address of ['s3://other/a.jpg', 's3://other/'])
      assert.equal(await mistakeOf(address), `${address} cannot be read: no such bucket`);
    const anonymous = open({ anonymous: true });
    assert.equal(
      await mistakeOf(`s3://${BUCKET}/private/`, anonymous),
      `s3://${BUCKET}/private/ cannot be read: the server answered AccessDenied (HTTP 403)`,
    );
    assert.equal(await open().mistake(`s3://${BUCKET}/none.jpg`), undefined);
    delete process.env.AWS_ACCESS_KEY_ID;
    const { message, hint } = (await open().mistake(`s3://${BUCKET}/a.jpg`)) ?? {};
    assert.equal(message, `s3://${BUCKET}/a.jpg cannot be read: no credentials were found`);
    assert.match(hint ?? '', /AWS_PROFILE.*--s3-anonymous/);
  });

  it('stops at once on abort', async () => {
    put('a.jpg', '0123456789');
    failing([{ kind: 'stall', after: 3 }]);
    const interruption = new AbortController();
    const item = await open({ signal: interruption.signal }).open(`s3://${BUCKET}/a.jpg`);
    const reading = item.read(LIMIT);
    interruption.abort(new Error('stop'));
    await assert.rejects(reading, /^Error: stop$/);
  });
});
