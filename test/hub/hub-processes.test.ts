import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  DIRECT,
  type HubServer,
  type SeenRequest,
  sampleBytes,
  sha256,
  startHubServer,
} from './hub-server.js';

const WEIGHTS = sampleBytes(1_000_000, 'weights');
const REPOS = { 'timm/x': { commit: 'c0ffee'.padEnd(40, '0'), files: { 'model.safetensors': WEIGHTS } } };
const MODULE = new URL('../../src/hub/hub.js', import.meta.url).href;

/** Fetches the file and prints its path; its progress goes to stderr. */
const PROGRAM = `
  import { fetchFromHub } from ${JSON.stringify(MODULE)};
  const settings = JSON.parse(process.argv[1]);
  const paths = await fetchFromHub({ repo: 'timm/x', files: ['model.safetensors'] }, settings, {
    onProgress: ({ received }) => process.stderr.write(received + '\\n'),
    timing: { refreshMs: 100, staleMs: Number(process.argv[2]), pollMs: 20 },
  });
  process.stdout.write(paths['model.safetensors']);
`;

describe('fetchFromHub in several processes', () => {
  let cacheDir: string;
  let server: HubServer | undefined;
  let children: ChildProcess[];

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'halonet-hub-'));
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server?.close();
    server = undefined;
    await rm(cacheDir, { recursive: true });
  });

  function start(endpoint: string, staleMs: number) {
    const settings = JSON.stringify({ endpoint, cacheDir, offline: false, symlinks: true, proxies: DIRECT });
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, settings, String(staleMs)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }

  async function pathFrom(child: ReturnType<typeof start>): Promise<string> {
    const [path, log, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    assert.equal(code, 0, log);
    return path;
  }

  const transfers = () => (server?.seen ?? []).filter(({ at }) => at === 'cdn');

  async function assertOnlyTheFileIsLeft(): Promise<void> {
    assert.deepEqual(await readdir(join(cacheDir, 'models--timm--x', 'blobs')), [sha256(WEIGHTS)]);
    assert.deepEqual(await readdir(join(cacheDir, '.locks', 'models--timm--x')), []);
  }

  it('downloads a file once for two processes', async () => {
    // The transfer starts only once both have asked for the file, so that neither finds it in the cache.
    const heads: SeenRequest[] = [];
    const bothAsked = new EventEmitter();
    const released = once(bothAsked, 'released');
    server = await startHubServer({
      repos: REPOS,
      fault: (request) => {
        if (request.method === 'HEAD' && heads.push(request) === 2) bothAsked.emit('released');
        return request.at === 'cdn' ? { kind: 'hold', until: released } : undefined;
      },
    });
    const { endpoint } = server;
    const paths = await Promise.all([1, 2].map(() => pathFrom(start(endpoint, 60_000))));
    assert.equal(heads.length, 2);
    assert.deepEqual(
      transfers().map(({ range }) => range),
      [undefined],
    );
    for (const path of paths) assert.ok((await readFile(path)).equals(WEIGHTS));
    await assertOnlyTheFileIsLeft();
  });

  it('resumes the download of a killed process', async () => {
    server = await startHubServer({
      repos: REPOS,
      fault: ({ at }) =>
        at === 'cdn' && transfers().length === 1 ? { kind: 'stall', after: 600_000 } : undefined,
    });
    const first = start(server.endpoint, 2_000);
    const killed = once(first, 'close');
    for await (const line of first.stderr.setEncoding('utf8')) {
      if (String(line).split('\n').includes('600000')) first.kill('SIGKILL');
    }
    await killed;
    assert.deepEqual((await readdir(join(cacheDir, '.locks', 'models--timm--x'))).length, 1);
    const path = await pathFrom(start(server.endpoint, 2_000));
    assert.deepEqual(
      transfers().map(({ range }) => range),
      [undefined, 'bytes=600000-'],
    );
    assert.ok((await readFile(path)).equals(WEIGHTS));
    await assertOnlyTheFileIsLeft();
  });
});
