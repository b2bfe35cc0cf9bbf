import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubError } from '../../src/errors.js';
import { fetchFromHub } from '../../src/hub/hub.js';
import type { HubSettings } from '../../src/hub/settings.js';
import {
  DIRECT,
  gitBlobSha1,
  type HubServer,
  type HubServerOptions,
  sampleBytes,
  sha256,
  startHubServer,
} from './hub-server.js';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const WEIGHTS = sampleBytes(50_000, 'weights');
const CONFIG = Buffer.from('{"architecture": "halonet50ts"}');
const REPO = { commit: COMMIT, files: { 'config.json': CONFIG, 'model.safetensors': WEIGHTS } };
const MODEL = { repo: 'timm/x', files: ['model.safetensors'] };
const DEMO = /The demo model needs no download/;
const FOLDER = /nor does a folder with model\.safetensors and config\.json/;

describe('fetchFromHub failures', () => {
  let cacheDir: string;
  let server: HubServer | undefined;

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'halonet-hub-'));
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

  async function failure(
    settings: Partial<HubSettings>,
    request: { readonly repo: string; readonly files: readonly string[]; readonly revision?: string } = MODEL,
  ): Promise<{ readonly message: string; readonly hint: string }> {
    const all = {
      endpoint: 'http://127.0.0.1:9',
      cacheDir,
      token: undefined,
      offline: false,
      symlinks: true,
      proxies: DIRECT,
      ...settings,
    };
    try {
      await fetchFromHub(request, all, { timing: { wait: async () => undefined, stallMs: 500, retries: 2 } });
    } catch (error) {
      assert.ok(error instanceof HubError, String(error));
      return { message: error.message, hint: error.hint ?? '' };
    }
    assert.fail('it was fetched');
  }

  describe('refusals', () => {
    it('asks for HF_TOKEN for a gated repository', async () => {
      const settings = await serve({ repos: { 'timm/x': { ...REPO, token: 'hf_right' } } });
      const anonymous = await failure(settings);
      assert.match(
        anonymous.message,
        /timm\/x is gated, private or does not exist.*HTTP 401 GatedRepo: server says/,
      );
      assert.match(anonymous.hint, /set HF_TOKEN/);
      const refused = await failure({ ...settings, token: 'hf_wrong' });
      assert.match(refused.message, /HTTP 403/);
      assert.match(refused.hint, /check that HF_TOKEN may read it/);
      assert.doesNotMatch(refused.message + refused.hint, /hf_wrong/);
    });

    it('reports that a repository does not exist', async () => {
      const settings = await serve();
      const request = { ...MODEL, repo: 'timm/y' };
      assert.match((await failure(settings, request)).message, /timm\/y is gated, private or does not exist/);
      const known = await failure({ ...settings, token: 'hf_x' }, request);
      assert.match(known.message, /^no repository timm\/y .*HTTP 404 RepoNotFound/);
      assert.match(known.hint, DEMO);
    });

    it('names a missing file or revision', async () => {
      const settings = await serve();
      const file = await failure(settings, { repo: 'timm/x', files: ['absent.bin'] });
      assert.match(file.message, /timm\/x has no file absent\.bin at main \(HTTP 404 EntryNotFound/);
      const revision = await failure(settings, { ...MODEL, revision: 'v9' });
      assert.match(revision.message, /timm\/x has no revision v9 \(HTTP 404 RevisionNotFound/);
    });

    it('names the address of a 404 without a reason', async () => {
      const settings = await serve({ fault: () => ({ kind: 'status', status: 404 }) });
      assert.match(
        (await failure(settings)).message,
        /\/timm\/x\/resolve\/main\/model\.safetensors \(HTTP 404\)/,
      );
    });
  });

  describe('without a hub', () => {
    it('names the address and alternatives when the connection is refused, without retrying', async () => {
      const { endpoint } = await serve();
      await server?.close();
      server = undefined;
      let waits = 0;
      const wait = async () => {
        waits += 1;
      };
      const settings = {
        endpoint,
        cacheDir,
        token: undefined,
        offline: false,
        symlinks: true,
        proxies: DIRECT,
      };
      await assert.rejects(fetchFromHub(MODEL, settings, { timing: { wait } }), (error: HubError) => {
        assert.ok(error.message.includes(`${endpoint}/timm/x/resolve/main/model.safetensors`));
        assert.match(error.message, /ECONNREFUSED/);
        assert.match(error.hint ?? '', DEMO);
        assert.match(error.hint ?? '', FOLDER);
        return true;
      });
      assert.equal(waits, 0);
    });

    it('names a host that does not exist', async () => {
      const { message, hint } = await failure({ endpoint: 'http://hub.invalid' });
      assert.match(message, /http:\/\/hub\.invalid\/timm\/x.*(ENOTFOUND|EAI_AGAIN)/);
      assert.match(hint, DEMO);
    });

    it('gives up on a server that never answers', async () => {
      const settings = await serve({ fault: () => ({ kind: 'hold', until: new Promise(() => undefined) }) });
      assert.match((await failure(settings)).message, /no bytes for 0\.5 s/);
    });

    it('gives up on a server that keeps failing', async () => {
      const settings = await serve({ fault: () => ({ kind: 'status', status: 502 }) });
      const { message, hint } = await failure(settings);
      assert.match(message, /^cannot download .*: HTTP 502; it is not in the cache /);
      assert.match(hint, DEMO);
      assert.equal(server?.seen.length, 3);
    });

    it('recognises a server that is not a hub', async () => {
      const elsewhere = await serve({
        fault: () => ({ kind: 'redirect', to: 'https://login.invalid/portal?x=1' }),
      });
      const redirected = await failure(elsewhere);
      assert.match(redirected.message, /a redirect to https:\/\/login\.invalid without X-Repo-Commit/);
      assert.match(redirected.hint, /HF_ENDPOINT/);
    });

    const redirects: readonly (readonly [string | undefined, RegExp])[] = [
      ['http://[', /was redirected to "http:\/\/\[", which is no http address/],
      ['file:///etc/passwd', /was redirected to "file:\/\/\/etc\/passwd"/],
      ['javascript:alert(1)', /was redirected to "javascript:alert\(1\)"/],
      ['data:application/json,{}', /was redirected to "data:application\/json,{}"/],
      [
        'http://me:secret@hub.invalid/x',
        /was redirected to http:\/\/hub\.invalid with a user name or password, which are not sent$/,
      ],
      ['ftp://hub.invalid/x?signature=secret', /was redirected to "ftp:\/\/hub\.invalid\/x", which/],
      [`mailto:${'x'.repeat(5000)}`, /was redirected to "mailto:x{93}…"/],
      [undefined, /answered HTTP 302 without a Location$/],
      ['/again', /was redirected more than 10 times, at last to http:\/\/127\.0\.0\.1:\d+\/again$/],
      [
        '::::',
        /was redirected more than 10 times, at last to http:\/\/127\.0\.0\.1:\d+\/timm\/x\/resolve\/\w+\/::::$/,
      ],
    ];
    for (const method of ['HEAD', 'GET']) {
      for (const [to, message] of redirects) {
        it(`reports a bad redirect of ${method} to ${to?.slice(0, 20) ?? 'nowhere'} without retrying`, async () => {
          const settings = await serve({
            fault: (request) => (request.method === method ? { kind: 'redirect', to } : undefined),
          });
          const error = await failure(settings);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret/);
          assert.match(error.hint, /HF_ENDPOINT/);
          const asked = server?.seen.filter((request) => request.method === method).length;
          assert.equal(asked, /more than/.test(error.message) ? 11 : 1);
        });
      }
    }

    it('refuses an endpoint with a password, without showing it', async () => {
      const { message, hint } = await failure({ endpoint: 'https://me:secret@hub.invalid' });
      assert.equal(message, 'HF_ENDPOINT holds a user name or password, which are not sent');
      assert.match(hint, /HF_TOKEN/);
    });

    it('refuses an endpoint that is not an address', async () => {
      assert.match(
        (await failure({ endpoint: 'huggingface.co' })).message,
        /HF_ENDPOINT is not an http address/,
      );
    });

    it('does not show a token that cannot be sent', async () => {
      const { message } = await failure({ ...(await serve()), token: 'hf_ö secret' });
      assert.match(message, /HF_TOKEN holds characters/);
      assert.doesNotMatch(message, /secret/);
    });

    it('lists the files that the cache lacks when offline', async () => {
      const settings = { ...(await serve()), offline: true };
      const { message, hint } = await failure(settings, {
        ...MODEL,
        files: ['config.json', 'model.safetensors'],
      });
      assert.ok(
        message.includes(`the cache ${cacheDir} lacks config.json, model.safetensors of timm/x (main)`),
      );
      assert.match(hint, /Unset HF_HUB_OFFLINE/);
      assert.match(hint, DEMO);
      assert.deepEqual(server?.seen, []);
    });
  });

  describe('wrong content', () => {
    const blobs = () => readdir(join(cacheDir, 'models--timm--x', 'blobs'));

    it('reports the expected and received SHA-256 after a second try, and keeps nothing', async () => {
      const data = Buffer.from(WEIGHTS).fill(0, 40_000, 40_001);
      const settings = await serve({
        fault: ({ at }) => (at === 'cdn' ? { kind: 'content', data } : undefined),
      });
      const { message } = await failure(settings);
      assert.match(message, new RegExp(`expected SHA-256 ${sha256(WEIGHTS)}, received ${sha256(data)}`));
      assert.deepEqual(await blobs(), []);
      assert.deepEqual(
        server?.seen.filter(({ at }) => at === 'cdn').map(({ range }) => range),
        [undefined, undefined],
      );
    });

    it('accepts a second try with the right bytes', async () => {
      const faults = [Buffer.alloc(WEIGHTS.length)];
      const settings = await serve({
        fault: ({ at }) => {
          const data = at === 'cdn' ? faults.shift() : undefined;
          return data && { kind: 'content', data };
        },
      });
      await fetchFromHub(MODEL, settings);
      assert.deepEqual(await blobs(), [sha256(WEIGHTS)]);
    });

    it('checks small files by their git hash', async () => {
      const data = Buffer.from(CONFIG.toString().replace('50', '51'));
      const settings = await serve({
        fault: ({ method }) => (method === 'GET' ? { kind: 'content', data } : undefined),
      });
      const { message } = await failure(settings, { repo: 'timm/x', files: ['config.json'] });
      const hashes = `expected git blob SHA-1 ${gitBlobSha1(CONFIG)}, received ${gitBlobSha1(data)}`;
      assert.ok(message.includes(hashes), message);
      assert.deepEqual(await blobs(), []);
    });

    it('stops reading beyond the size of the file', async () => {
      const data = Buffer.alloc(8_000_000);
      const settings = await serve({
        fault: ({ at }) => (at === 'cdn' ? { kind: 'content', data } : undefined),
      });
      const { message } = await failure(settings);
      const received = /expected 50000 bytes, received (\d+) bytes or more/.exec(message)?.[1];
      assert.ok(Number(received) > 50_000 && Number(received) < 1_000_000, message);
      assert.deepEqual(await blobs(), []);
    });

    it('gives up on a file that is always too short', async () => {
      const data = WEIGHTS.subarray(0, 20_000);
      const settings = await serve({
        fault: ({ at }) => (at === 'cdn' ? { kind: 'content', data } : undefined),
      });
      assert.match((await failure(settings)).message, /ended after 20000 of 50000 bytes|no continuation/);
    });
  });

  describe('cache folder errors', () => {
    it('names the folder and HF_HUB_CACHE when it cannot be created', async () => {
      const path = join(cacheDir, 'file');
      await writeFile(path, 'not a folder');
      const { message, hint } = await failure({ ...(await serve()), cacheDir: join(path, 'hub') });
      assert.ok(message.includes(join(path, 'hub')), message);
      assert.match(hint, /HF_HUB_CACHE/);
    });

    if (existsSync('/dev/full')) {
      it('names the folder and HF_HUB_CACHE when the disk is full', async () => {
        const blobs = join(cacheDir, 'models--timm--x', 'blobs');
        await mkdir(blobs, { recursive: true });
        await symlink('/dev/full', join(blobs, `${sha256(WEIGHTS)}.halonet.incomplete`));
        const { message, hint } = await failure(await serve());
        assert.ok(message.startsWith(`no room in the Hugging Face cache ${cacheDir}: `), message);
        assert.match(
          message,
          /model\.safetensors of timm\/x needs another 50\.0 kB, and .* are free \(no space left on device\)$/,
        );
        assert.match(
          hint,
          /run the command again \(the download continues where it stopped\), or set HF_HOME or HF_HUB_CACHE/,
        );
      });
    }

    it('reports the required and the free space before anything is downloaded', async () => {
      const settings = await serve({ fault: () => ({ kind: 'claim', size: 9e14 }) });
      const blobs = join(cacheDir, 'models--timm--x', 'blobs');
      await mkdir(blobs, { recursive: true });
      const partial = join(blobs, `${sha256(WEIGHTS)}.halonet.incomplete`);
      await writeFile(partial, '');
      await truncate(partial, 5e12); // sparse: counts as downloaded, and takes no space
      const { message, hint } = await failure(settings);
      assert.ok(message.startsWith(`no room in the Hugging Face cache ${cacheDir}: `), message);
      assert.match(
        message,
        /model\.safetensors of timm\/x needs another 895\.0 TB, and [\d.]+ [kMGT]?B are free$/,
      );
      assert.match(hint, /Free some space there and run the command again, or set HF_HOME or HF_HUB_CACHE/);
      assert.deepEqual(
        server?.seen.map(({ method }) => method),
        ['HEAD'],
      );
    });

    it('refuses a size that is not a valid number of bytes', async () => {
      const settings = await serve({ fault: () => ({ kind: 'claim', size: 1e20 }) });
      assert.match((await failure(settings)).message, /an answer with the size 100000000000000000000/);
    });
  });
});
