import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HubError } from '../../src/errors.js';
import { proxiesFromEnv } from '../../src/http/proxies.js';
import { fetchFromHub } from '../../src/hub/hub.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import {
  CERTIFICATE,
  type HubServer,
  type HubServerOptions,
  sampleBytes,
  startHubServer,
} from './hub-server.js';
import { type ProxyServer, startProxy } from './proxy-server.js';

const WEIGHTS = sampleBytes(200_000, 'weights');
const REPO = { commit: 'c0ffee'.padEnd(40, '0'), files: { 'model.safetensors': WEIGHTS } };
const MODEL = { repo: 'timm/x', files: ['model.safetensors'] };
const SOURCES = new URL('../../src/hub/', import.meta.url).href;

/** Fetches the file with the settings of its environment, and prints its path. */
const PROGRAM = `
  import { fetchFromHub } from '${SOURCES}hub.js';
  import { hubSettingsFromEnv } from '${SOURCES}settings.js';
  const paths = await fetchFromHub(${JSON.stringify(MODEL)}, hubSettingsFromEnv(process.env, '/nowhere'));
  process.stdout.write(paths['model.safetensors']);
`;

describe('proxies of the hub', () => {
  let cacheDir: string;
  let hub: HubServer | undefined;
  let proxy: ProxyServer | undefined;

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'halonet-proxy-'));
  });

  afterEach(async () => {
    await proxy?.close();
    await hub?.close();
    proxy = undefined;
    hub = undefined;
    await rm(cacheDir, { recursive: true });
  });

  async function start(options: Partial<HubServerOptions> = {}) {
    hub = await startHubServer({ repos: { 'timm/x': REPO }, ...options });
    proxy = await startProxy();
    return { hub, proxy, hubHost: new URL(hub.endpoint).host };
  }

  const fetchWith = (env: Record<string, string>) =>
    fetchFromHub(MODEL, hubSettingsFromEnv({ HF_HUB_CACHE: cacheDir, ...env }, '/nowhere'), {
      timing: { stallMs: 500, retries: 0 },
    });

  async function failureWith(env: Record<string, string>): Promise<HubError> {
    const error = await fetchWith(env).then(
      () => assert.fail('it was fetched'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof HubError, String(error));
    assert.doesNotMatch(`${error.message} ${error.hint}`, /secret/);
    return error;
  }

  /** Runs in a separate process, because Node reads the certificates to trust at startup. */
  async function fetchApart(env: Record<string, string>): Promise<string> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      env: { PATH: process.env.PATH, HF_HUB_CACHE: cacheDir, NODE_EXTRA_CA_CERTS: CERTIFICATE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [path, log, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    assert.equal(code, 0, log);
    return path;
  }

  for (const variable of ['HTTP_PROXY', 'http_proxy']) {
    it(`sends requests for http addresses to ${variable}, with its password`, async () => {
      const { hub, proxy, hubHost } = await start();
      const paths = await fetchWith({
        HF_ENDPOINT: hub.endpoint,
        [variable]: `http://me:s%40cret@${proxy.address}`,
      });
      assert.ok((await readFile(paths['model.safetensors'] ?? '')).equals(WEIGHTS));
      const asked = `http://${hubHost}/timm/x/resolve`;
      assert.deepEqual(
        proxy.seen.slice(0, 2).map(({ line }) => line),
        [`HEAD ${asked}/main/model.safetensors`, `GET ${asked}/${REPO.commit}/model.safetensors`],
      );
      assert.match(
        proxy.seen[2]?.line ?? '',
        /^GET http:\/\/127\.0\.0\.1:\d+\/timm\/x\/model\.safetensors\?/,
      );
      const basic = `Basic ${Buffer.from('me:s@cret').toString('base64')}`;
      assert.deepEqual(
        proxy.seen.map(({ authorization }) => authorization),
        [basic, basic, basic],
      );
    });
  }

  for (const variable of ['NO_PROXY', 'no_proxy']) {
    it(`connects directly to hosts in ${variable}`, async () => {
      const { hub, proxy, hubHost } = await start();
      const env = { HF_ENDPOINT: hub.endpoint, HTTP_PROXY: `http://${proxy.address}` };
      await fetchWith({ ...env, [variable]: `hub.example, ${hubHost}` });
      assert.deepEqual(
        proxy.seen.map(({ line }) => line.split('?')[0]?.replace(/:\d+/, '')),
        ['GET http://127.0.0.1/timm/x/model.safetensors'], // of the storage, at another port
      );
      await rm(cacheDir, { recursive: true });
      await fetchWith({ ...env, [variable]: '*' });
      assert.equal(proxy.seen.length, 1);
    });
  }

  it('tunnels to https addresses through HTTPS_PROXY, but not to http ones', async () => {
    const { hub, proxy, hubHost } = await start({ secure: true });
    const path = await fetchApart({ HF_ENDPOINT: hub.endpoint, HTTPS_PROXY: proxy.address });
    assert.ok((await readFile(path)).equals(WEIGHTS));
    assert.deepEqual([...new Set(proxy.seen.map(({ line }) => line))], [`CONNECT ${hubHost}`]);
    assert.deepEqual(
      hub.seen.map(({ at, method }) => `${method} ${at}`),
      ['HEAD hub', 'GET hub', 'GET cdn'],
    );
  });

  it('does not forward the token from https to http', async () => {
    hub = await startHubServer({ repos: { 'timm/x': { ...REPO, token: 'hf_secret' } }, secure: true });
    await fetchApart({ HF_ENDPOINT: hub.endpoint, HF_TOKEN: 'hf_secret' });
    assert.deepEqual(
      hub.seen.map(({ at, authorization }) => [at, authorization]),
      [
        ['hub', 'Bearer hf_secret'],
        ['hub', 'Bearer hf_secret'],
        ['cdn', undefined],
      ],
    );
  });

  it("ignores this process's environment, which undici reads by default", async () => {
    const { hub, proxy } = await start();
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = `http://${proxy.address}`;
    try {
      await fetchWith({ HF_ENDPOINT: hub.endpoint });
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    }
    assert.deepEqual(proxy.seen, []);
  });

  describe('failures', () => {
    const refusals = [
      [
        407,
        /the proxy answered HTTP 407/,
        /Put a user name and password into its address: http:\/\/user:password@host:port/,
      ],
      [403, /the proxy answered HTTP 403/, /NO_PROXY to reach it directly/],
      [502, /the proxy answered HTTP 502/, /Check the network and the proxy \(NO_PROXY lists/],
    ] as const;
    for (const [status, message, hint] of refusals) {
      it(`names a proxy that refuses a tunnel with ${status}`, async () => {
        proxy = await startProxy(status);
        const error = await failureWith({
          HF_ENDPOINT: 'https://hub.invalid',
          HTTPS_PROXY: `http://me:secret@${proxy.address}`,
        });
        assert.match(error.message, message);
        assert.ok(error.message.includes(`(HTTPS_PROXY is http://${proxy.address})`), error.message);
        assert.match(error.hint ?? '', hint);
        assert.deepEqual(
          proxy.seen.map(({ line }) => line),
          ['CONNECT hub.invalid:443'],
        );
      });
    }

    it('names a proxy that asks for a password for an http address', async () => {
      proxy = await startProxy(407);
      const { message, hint } = await failureWith({
        HF_ENDPOINT: 'http://hub.invalid',
        http_proxy: `http://me:secret@${proxy.address}`,
      });
      assert.ok(
        message.includes(`the proxy answered HTTP 407 (http_proxy is http://${proxy.address})`),
        message,
      );
      assert.match(hint ?? '', /Put a user name and password into its address/);
    });

    it('names the proxy when an http address is refused, since either may be the cause', async () => {
      proxy = await startProxy(404);
      const { message } = await failureWith({
        HF_ENDPOINT: 'http://hub.invalid',
        HTTP_PROXY: `http://me:secret@${proxy.address}`,
      });
      assert.ok(message.includes(`HTTP 404 (HTTP_PROXY is http://${proxy.address})`), message);
    });

    for (const scheme of ['http', 'https']) {
      it(`names a proxy that does not answer for an ${scheme} address`, async () => {
        proxy = await startProxy('silence');
        const { message, hint } = await failureWith({
          HF_ENDPOINT: `${scheme}://hub.invalid`,
          [`${scheme.toUpperCase()}_PROXY`]: `http://me:secret@${proxy.address}`,
        });
        const named = `${scheme.toUpperCase()}_PROXY is http://${proxy.address}`;
        assert.ok(message.includes(`no bytes for 0.5 s (${named})`), message);
        assert.match(hint ?? '', /Check the network and the proxy/);
        assert.ok(proxy.seen.length > 0);
      });
    }

    it('names a proxy that refuses connections', async () => {
      proxy = await startProxy();
      const { address } = proxy;
      await proxy.close();
      for (const env of [
        { HF_ENDPOINT: 'https://hub.invalid', HTTPS_PROXY: `http://me:secret@${address}` },
        { HF_ENDPOINT: 'http://hub.invalid', HTTP_PROXY: `http://me:secret@${address}` },
      ]) {
        const { message } = await failureWith(env);
        assert.match(message, /ECONNREFUSED/);
        assert.ok(message.includes(`_PROXY is http://${address})`), message);
      }
    });

    for (const url of [
      'socks5://me:secret@proxy.example',
      'http://me:sec%zzret-secret@proxy.example',
      'http://me:secret/x@:80',
      'http://me:secret@',
    ]) {
      it(`refuses the proxy ${url} without showing it`, async () => {
        const { message, hint } = await failureWith({ HF_ENDPOINT: 'https://hub.invalid', https_proxy: url });
        assert.equal(message, 'https_proxy is not the address of an http proxy');
        assert.match(hint ?? '', /http:\/\/user:password@proxy\.example:3128/);
      });
    }
  });

  describe('proxiesFromEnv', () => {
    it('prefers lower-case variables, and ignores empty ones', () => {
      assert.deepEqual(proxiesFromEnv({ HTTP_PROXY: '', HTTPS_PROXY: ' ', NO_PROXY: '' }), {
        http: undefined,
        https: undefined,
        except: '',
      });
      assert.deepEqual(
        proxiesFromEnv({
          http_proxy: 'http://a',
          HTTP_PROXY: 'http://b',
          https_proxy: '',
          HTTPS_PROXY: 'http://c',
          no_proxy: 'd',
          NO_PROXY: 'e',
        }),
        {
          http: { variable: 'http_proxy', url: 'http://a' },
          https: { variable: 'HTTPS_PROXY', url: 'http://c' },
          except: 'd',
        },
      );
    });

    it('treats an address without a scheme as http', () => {
      const { https } = proxiesFromEnv({ HTTPS_PROXY: 'proxy.example:3128' });
      assert.equal(https?.url, 'http://proxy.example:3128');
    });
  });
});
