import assert from 'node:assert/strict';
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FetchOptions, fetchFromHub, type HubProgress } from '../../src/hub/hub.js';
import type { HubSettings } from '../../src/hub/settings.js';
import {
  DIRECT,
  type Fault,
  gitBlobSha1,
  type HubServer,
  type HubServerOptions,
  type SeenRequest,
  sampleBytes,
  sha256,
  startHubServer,
} from './hub-server.js';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const WEIGHTS = sampleBytes(300_000, 'weights');
const CONFIG = Buffer.from('{"architecture": "halonet50ts"}');
const REPO = { commit: COMMIT, files: { 'config.json': CONFIG, 'model.safetensors': WEIGHTS } };
const ETAG = sha256(WEIGHTS);
const BOTH = { repo: 'timm/x', files: ['config.json', 'model.safetensors'] };
const MODEL = { repo: 'timm/x', files: ['model.safetensors'] };

describe('fetchFromHub', () => {
  let cacheDir: string;
  let root: string;
  let server: HubServer | undefined;
  let waits: number[];

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'halonet-hub-'));
    root = join(cacheDir, 'models--timm--x');
    waits = [];
  });

  afterEach(async () => {
    await server?.close();
    server = undefined;
    await rm(cacheDir, { recursive: true });
  });

  async function serve(options: Partial<HubServerOptions> = {}): Promise<HubSettings> {
    server = await startHubServer({ repos: { 'timm/x': REPO }, ...options });
    return {
      endpoint: server.endpoint,
      cacheDir,
      token: undefined,
      offline: false,
      symlinks: true,
      proxies: DIRECT,
    };
  }

  function seen(at: 'hub' | 'cdn', method: 'HEAD' | 'GET'): readonly SeenRequest[] {
    return (server?.seen ?? []).filter((request) => request.at === at && request.method === method);
  }

  const options = (more: FetchOptions = {}): FetchOptions => ({
    ...more,
    timing: {
      wait: async (ms) => {
        waits.push(ms);
      },
      ...more.timing,
    },
  });

  const partial = () => join(root, 'blobs', `${ETAG}.halonet.incomplete`);
  const model = () => join(root, 'snapshots', COMMIT, 'model.safetensors');

  async function leavePartial(bytes: Buffer): Promise<void> {
    await mkdir(join(root, 'blobs'), { recursive: true });
    await writeFile(partial(), bytes);
  }

  async function assertComplete(): Promise<void> {
    assert.ok((await readFile(model())).equals(WEIGHTS), 'the snapshot has the right bytes');
    assert.deepEqual(
      (await readdir(join(root, 'blobs'))).filter((name) => name.includes('incomplete')),
      [],
    );
    assert.deepEqual(await readdir(join(cacheDir, '.locks', 'models--timm--x')), []);
  }

  describe('cache', () => {
    it('writes the layout of huggingface_hub', async () => {
      const settings = await serve();
      const paths = await fetchFromHub(BOTH, settings, options());
      assert.deepEqual(paths, {
        'config.json': join(root, 'snapshots', COMMIT, 'config.json'),
        'model.safetensors': model(),
      });
      assert.equal(await readFile(join(root, 'refs', 'main'), 'utf8'), COMMIT);
      assert.equal(await readlink(model()), `../../blobs/${ETAG}`);
      assert.equal(
        await readlink(join(root, 'snapshots', COMMIT, 'config.json')),
        `../../blobs/${gitBlobSha1(CONFIG)}`,
      );
      assert.deepEqual(await readFile(join(root, 'snapshots', COMMIT, 'config.json')), CONFIG);
      await assertComplete();
    });

    it('requests and writes nothing if a snapshot made by Python exists', async () => {
      const settings = await serve({ repos: {} });
      await mkdir(join(root, 'refs'), { recursive: true });
      await mkdir(join(root, 'blobs'));
      await mkdir(join(root, 'snapshots', COMMIT), { recursive: true });
      await writeFile(join(root, 'refs', 'main'), COMMIT);
      await writeFile(join(root, 'blobs', ETAG), WEIGHTS);
      await symlink(`../../blobs/${ETAG}`, model());
      const before = await readdir(cacheDir, { recursive: true });
      for (const offline of [false, true]) {
        assert.deepEqual(await fetchFromHub(MODEL, { ...settings, offline }, options()), {
          'model.safetensors': model(),
        });
      }
      assert.deepEqual(server?.seen, []);
      assert.deepEqual(await readdir(cacheDir, { recursive: true }), before);
    });

    it('links an existing blob instead of downloading it', async () => {
      const settings = await serve();
      await mkdir(join(root, 'blobs'), { recursive: true });
      await writeFile(join(root, 'blobs', ETAG), WEIGHTS);
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual([...seen('hub', 'GET'), ...seen('cdn', 'GET')], []);
      await assertComplete();
    });

    it('replaces a blob of the wrong size', async () => {
      const settings = await serve();
      await mkdir(join(root, 'blobs'), { recursive: true });
      await writeFile(join(root, 'blobs', ETAG), WEIGHTS.subarray(0, 1000));
      await fetchFromHub(MODEL, settings, options());
      await assertComplete();
    });

    it('writes no ref if a file is missing', async () => {
      const settings = await serve();
      const request = { ...BOTH, files: [...BOTH.files, 'absent.bin'] };
      await assert.rejects(fetchFromHub(request, settings, options()), /has no file absent\.bin/);
      await assertComplete();
      await assert.rejects(access(join(root, 'refs')), { code: 'ENOENT' });
    });

    it('requests further files at the commit of the first', async () => {
      const settings = await serve();
      await fetchFromHub(BOTH, settings, options());
      assert.deepEqual(
        seen('hub', 'HEAD').map(({ path }) => path),
        ['/timm/x/resolve/main/config.json', `/timm/x/resolve/${COMMIT}/model.safetensors`],
      );
    });

    it('writes no ref for a commit hash', async () => {
      const settings = await serve();
      await fetchFromHub({ ...MODEL, revision: COMMIT }, settings, options());
      await assertComplete();
      await assert.rejects(access(join(root, 'refs')), { code: 'ENOENT' });
    });

    it('puts the files themselves into the snapshot when symlinks are disabled', async () => {
      const settings = { ...(await serve()), symlinks: false };
      await fetchFromHub(BOTH, settings, options());
      await assert.rejects(readlink(model()), { code: 'EINVAL' });
      await assertComplete();
      await rm(join(root, 'refs'), { recursive: true });
      await fetchFromHub(BOTH, settings, options());
      assert.equal(seen('cdn', 'GET').length, 1);
    });

    it('refuses a file name that leaves the cache, without a request', async () => {
      const settings = await serve();
      await assert.rejects(fetchFromHub({ repo: 'timm/x', files: ['../x'] }, settings, options()), {
        name: 'HubError',
      });
      assert.deepEqual(server?.seen, []);
    });
  });

  describe('requests', () => {
    it('sends the token to the hub and never to another origin', async () => {
      const settings = await serve({ repos: { 'timm/x': { ...REPO, token: 'hf_secret' } } });
      await fetchFromHub(BOTH, { ...settings, token: 'hf_secret' }, options());
      const hub = server?.seen.filter(({ at }) => at === 'hub') ?? [];
      assert.ok(hub.length > 0 && hub.every(({ authorization }) => authorization === 'Bearer hf_secret'));
      assert.deepEqual(
        seen('cdn', 'GET').map(({ authorization }) => authorization),
        [undefined],
      );
    });

    it('follows a renamed repository', async () => {
      const settings = await serve({
        repos: { 'timm/x': { ...REPO, renamedTo: 'timm/y' }, 'timm/y': REPO },
      });
      await fetchFromHub(BOTH, settings, options());
      await assertComplete();
    });

    it('strips weak etags', async () => {
      const settings = await serve({ weakEtags: true });
      await fetchFromHub({ repo: 'timm/x', files: ['config.json'] }, settings, options());
      assert.deepEqual(await readdir(join(root, 'blobs')), [gitBlobSha1(CONFIG)]);
    });

    it('reports progress up to the total', async () => {
      const settings = await serve();
      const reports: HubProgress[] = [];
      await fetchFromHub(MODEL, settings, options({ onProgress: (report) => reports.push(report) }));
      assert.deepEqual(reports[0], { file: 'model.safetensors', received: 0, total: WEIGHTS.length });
      assert.equal(reports.at(-1)?.received, WEIGHTS.length);
      assert.ok(reports.every(({ received }, i) => received >= (reports[i - 1]?.received ?? 0)));
    });

    it('downloads an empty file', async () => {
      const files = { 'empty.txt': Buffer.alloc(0) };
      const settings = await serve({ repos: { 'timm/x': { commit: COMMIT, files } } });
      const paths = await fetchFromHub({ repo: 'timm/x', files: ['empty.txt'] }, settings, options());
      assert.equal((await readFile(paths['empty.txt'] ?? '')).length, 0);
    });
  });

  describe('interrupted transfers', () => {
    /** Gives the nth GET at the storage the nth fault, and later ones none. */
    const faults = (...list: (Fault | undefined)[]) => {
      return ({ at, method }: SeenRequest) => (at === 'cdn' && method === 'GET' ? list.shift() : undefined);
    };
    const ranges = () => seen('cdn', 'GET').map(({ range }) => range);

    it('resumes after a broken connection', async () => {
      const settings = await serve({
        fault: faults({ kind: 'break', after: 100_000 }, { kind: 'break', after: 50_000 }),
      });
      await fetchFromHub(MODEL, settings, options());
      const [first, second, third] = ranges().map(
        (range) => range && Number(/^bytes=(\d+)-$/.exec(range)?.[1]),
      );
      assert.equal(first, undefined);
      assert.ok(Number(second) > 0 && Number(second) <= 100_000);
      assert.ok(Number(third) > Number(second) && Number(third) <= 150_000);
      assert.deepEqual(waits, [500, 500]);
      await assertComplete();
    });

    it('resumes after a stalled connection', async () => {
      const settings = await serve({ fault: faults({ kind: 'stall', after: 100_000 }) });
      await fetchFromHub(MODEL, settings, options({ timing: { stallMs: 500 } }));
      assert.equal(ranges().length, 2);
      await assertComplete();
    });

    it('resumes the partial file of an earlier run', async () => {
      const settings = await serve();
      await leavePartial(WEIGHTS.subarray(0, 123_457));
      const received: number[] = [];
      await fetchFromHub(
        MODEL,
        settings,
        options({ onProgress: (report) => received.push(report.received) }),
      );
      assert.deepEqual(ranges(), ['bytes=123457-']);
      assert.equal(received[0], 123_457);
      await assertComplete();
    });

    it('downloads nothing if an earlier run left all bytes', async () => {
      const settings = await serve();
      await leavePartial(WEIGHTS);
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(ranges(), []);
      await assertComplete();
    });

    it('restarts when the server ignores the range', async () => {
      const settings = await serve({ fault: faults({ kind: 'ignore range' }) });
      await leavePartial(WEIGHTS.subarray(0, 100_000));
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(ranges(), ['bytes=100000-']);
      await assertComplete();
    });

    for (const [what, fault] of [
      ['answers with another range', { kind: 'shift range' }],
      ['answers 416', { kind: 'status', status: 416 }],
    ] as const) {
      it(`restarts when the server ${what}`, async () => {
        const settings = await serve({ fault: faults(fault) });
        await leavePartial(WEIGHTS.subarray(0, 100_000));
        await fetchFromHub(MODEL, settings, options());
        assert.deepEqual(ranges(), ['bytes=100000-', undefined]);
        await assertComplete();
      });
    }

    it('discards an oversized partial file without counting it as a try', async () => {
      const settings = await serve({
        fault: faults({ kind: 'content', data: Buffer.alloc(WEIGHTS.length) }),
      });
      await leavePartial(Buffer.concat([WEIGHTS, WEIGHTS]));
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(ranges(), [undefined, undefined]);
      await assertComplete();
    });

    it('discards a partial file with wrong bytes after one try', async () => {
      const settings = await serve();
      await leavePartial(Buffer.alloc(100_000));
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(ranges(), ['bytes=100000-', undefined]);
      await assertComplete();
    });

    it('waits as long as Retry-After asks, or else longer each time', async () => {
      const settings = await serve({
        fault: faults(
          { kind: 'status', status: 429, headers: { 'retry-after': '7' } },
          { kind: 'status', status: 503 },
          { kind: 'status', status: 403 }, // an expired signature
          { kind: 'status', status: 429, headers: { 'retry-after': '300' } },
        ),
      });
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(waits, [7_000, 1_000, 2_000, 300_000]);
      await assertComplete();
    });

    it('reports why and how long it waits, except for short waits', async () => {
      const notes: string[] = [];
      const settings = await serve({
        fault: faults(
          { kind: 'status', status: 429, headers: { 'retry-after': '55' } },
          { kind: 'status', status: 503 },
          { kind: 'break', after: 0 },
        ),
      });
      await fetchFromHub(MODEL, settings, options({ onNote: (note) => notes.push(note) }));
      assert.deepEqual(waits, [55_000, 1_000, 2_000]);
      assert.equal(notes.length, 2);
      assert.equal(
        notes[0],
        'model.safetensors: HTTP 429 (too many requests); waiting 55 s, as the server asks, before the next attempt',
      );
      assert.match(notes[1] ?? '', /^model\.safetensors: .+; waiting 2 s before the next attempt$/);
    });

    const pastOrUnknown = [
      '0',
      '-40',
      '45.5',
      '2099-01-01',
      'soon',
      '',
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sun, 99 Nov 1994',
    ];
    for (const value of pastOrUnknown) {
      it(`ignores a Retry-After of ${JSON.stringify(value)}`, async () => {
        const settings = await serve({
          fault: faults({ kind: 'status', status: 429, headers: { 'retry-after': value } }),
        });
        await fetchFromHub(MODEL, settings, options());
        assert.deepEqual(waits, [500]);
      });
    }

    it("waits until the date of Retry-After, by the server's clock", async () => {
      const headers = {
        date: 'Wed, 21 Oct 2015 07:28:00 GMT',
        'retry-after': 'Wed, 21 Oct 2015 07:29:30 GMT',
      };
      const settings = await serve({ fault: faults({ kind: 'status', status: 429, headers }) });
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(waits, [90_000]);
    });

    it("waits until the hub's rate limit window ends", async () => {
      const headers = { ratelimit: '"resolvers";r=0;t=42' };
      const settings = await serve({ fault: faults({ kind: 'status', status: 429, headers }) });
      await fetchFromHub(MODEL, settings, options());
      assert.deepEqual(waits, [42_000]);
    });

    const tooLong = [
      ['301', /asks to wait 6 minutes; halonet waits 5 minutes at most$/],
      ['86400', /asks to wait 24 hours;/],
      ['604801', /asks to wait 8 days;/],
      ['9'.repeat(400), /asks to wait more than ten years;/],
      ['Fri, 31 Dec 9999 23:59:59 GMT', /asks to wait more than ten years;/],
    ] as const;
    for (const [value, message] of tooLong) {
      it(`gives up at once on a Retry-After of ${value.slice(0, 30)}`, async () => {
        const settings = await serve({
          fault: ({ at }) =>
            at === 'cdn' ? { kind: 'status', status: 429, headers: { 'retry-after': value } } : undefined,
        });
        await assert.rejects(fetchFromHub(MODEL, settings, options()), (error: Error & { hint?: string }) => {
          assert.equal(error.name, 'HubError');
          assert.match(
            error.message,
            /model\.safetensors: HTTP 429 \(too many requests\), and the server asks/,
          );
          assert.match(error.message, message);
          assert.match(
            error.hint ?? '',
            /Run the command again after that time; the download continues where it stopped\..*HF_TOKEN/,
          );
          return true;
        });
        assert.deepEqual(waits, []);
      });
    }

    it('retries a request to the hub after a 503', async () => {
      let answers = 0;
      const settings = await serve({
        fault: () => (answers++ === 0 ? { kind: 'status', status: 503 } : undefined),
      });
      await fetchFromHub(BOTH, settings, options());
      assert.deepEqual(waits, [500]);
    });

    it('gives up when retries make no progress, and keeps the partial file', async () => {
      const settings = await serve({
        fault: ({ at, range }) =>
          at === 'cdn' ? { kind: 'break', after: range === undefined ? 100_000 : 0 } : undefined,
      });
      await assert.rejects(
        fetchFromHub(MODEL, settings, options({ timing: { retries: 2 } })),
        (error: Error & { hint?: string }) => {
          assert.equal(error.name, 'HubError');
          assert.match(error.message, /resolve\/main\/model\.safetensors/);
          assert.doesNotMatch(error.message, /signature/);
          assert.match(error.hint ?? '', /The demo model needs no download, nor does a folder/);
          return true;
        },
      );
      assert.equal(seen('cdn', 'GET').length, 3);
      const kept = await readFile(partial());
      assert.ok(kept.length > 0 && kept.equals(WEIGHTS.subarray(0, kept.length)));
    });

    it('stops when aborted, keeps the partial file and releases the lock', async () => {
      const settings = await serve({ fault: faults({ kind: 'stall', after: 100_000 }) });
      const abort = new AbortController();
      const reason = new Error('interrupted');
      const onProgress = ({ received }: HubProgress) => {
        if (received > 0) abort.abort(reason);
      };
      await assert.rejects(
        fetchFromHub(MODEL, settings, options({ onProgress, signal: abort.signal })),
        reason,
      );
      assert.deepEqual(await readdir(join(cacheDir, '.locks', 'models--timm--x')), []);
      assert.deepEqual(await readdir(join(root, 'blobs')), [`${ETAG}.halonet.incomplete`]);
      await fetchFromHub(MODEL, settings, options());
      assert.match(ranges()[1] ?? '', /^bytes=[1-9]\d*-$/);
      await assertComplete();
    });

    it('stops waiting for another process when aborted', async () => {
      const settings = await serve();
      const locks = join(cacheDir, '.locks', 'models--timm--x');
      await mkdir(locks, { recursive: true });
      await writeFile(join(locks, `${ETAG}.halonet.lock`), ''); // of a process that has not written its name yet
      const abort = new AbortController();
      const reason = new Error('interrupted');
      const onProgress = () => abort.abort(reason);
      const timing = { pollMs: 10, staleMs: 1_000_000 };
      await assert.rejects(
        fetchFromHub(MODEL, settings, options({ onProgress, signal: abort.signal, timing })),
        reason,
      );
      assert.deepEqual(await readdir(locks), [`${ETAG}.halonet.lock`]);
      assert.deepEqual(ranges(), []);
    });
  });
});
