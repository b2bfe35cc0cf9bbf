import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fetchFromHub } from '../../src/hub/hub.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { type FsCall, watchFsCalls } from '../support/fs-calls.js';
import { type Fault, type HubServer, sampleBytes, sha256, startHubServer } from './hub-server.js';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const WEIGHTS = sampleBytes(300_000, 'weights');
const ETAG = sha256(WEIGHTS);
const PARTIAL = `${ETAG}.halonet.incomplete`;
const MODEL = { repo: 'timm/x', files: ['model.safetensors'] };

describe('a download from the hub', () => {
  let cacheDir: string;
  let root: string;
  let server: HubServer | undefined;

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'halonet-hub-'));
    root = join(cacheDir, 'models--timm--x');
  });

  afterEach(async () => {
    await server?.close();
    server = undefined;
    await rm(cacheDir, { recursive: true });
  });

  async function serve(...faults: Fault[]) {
    const repo = { commit: COMMIT, files: { 'model.safetensors': WEIGHTS } };
    server = await startHubServer({
      repos: { 'timm/x': repo },
      fault: ({ at }) => (at === 'cdn' ? faults.shift() : undefined),
    });
    return hubSettingsFromEnv({ HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cacheDir }, '/nowhere');
  }

  const ranges = () => server?.seen.filter(({ at }) => at === 'cdn').map(({ range }) => range);

  describe('before a power cut', () => {
    /** The changes that a fetch makes to the repository's files, in order and without repeats, such as `sync blobs`. */
    async function stepsOf(action: () => Promise<unknown>): Promise<readonly string[]> {
      const steps: string[] = [];
      const restore = watchFsCalls(root, ({ kind, name, path }: FsCall) => {
        const step = `${name.startsWith('symlink') ? 'link' : kind} ${basename(path)}`;
        if (/^(write|sync|rename|link) /.test(step) && step !== steps.at(-1)) steps.push(step);
        return undefined;
      });
      try {
        await action();
      } finally {
        restore();
      }
      return steps;
    }

    it('syncs the file before renaming it, and then its folder', async () => {
      const settings = await serve();
      const steps = await stepsOf(() => fetchFromHub({ ...MODEL, revision: COMMIT }, settings));
      assert.deepEqual(steps, [
        `write ${PARTIAL}`,
        `sync ${PARTIAL}`,
        `rename ${PARTIAL}`,
        'sync blobs',
        'link model.safetensors',
      ]);
    });

    it('syncs a file that an earlier run left complete', async () => {
      const settings = await serve();
      await mkdir(join(root, 'blobs'), { recursive: true });
      await writeFile(join(root, 'blobs', PARTIAL), WEIGHTS);
      const steps = await stepsOf(() => fetchFromHub({ ...MODEL, revision: COMMIT }, settings));
      assert.deepEqual(steps.slice(0, 2), [`sync ${PARTIAL}`, `rename ${PARTIAL}`]);
    });

    it('syncs a copy before renaming it when symlinks are disabled', async () => {
      const settings = { ...(await serve()), symlinks: false };
      await mkdir(join(root, 'blobs'), { recursive: true });
      await writeFile(join(root, 'blobs', ETAG), WEIGHTS);
      const steps = await stepsOf(() => fetchFromHub({ ...MODEL, revision: COMMIT }, settings));
      assert.deepEqual(
        steps.map((step) => step.replace(/[\da-f-]{36}/, 'ID')),
        ['write', 'sync', 'rename'].map((call) => `${call} model.safetensors.ID.tmp`),
      );
    });
  });

  describe('whose lock was taken over', () => {
    const KEPT = 1000; // bytes that the other process has so far

    /**
     * At the last byte, leaves the files of another process that has taken over the lock and restarted the download:
     * its lock file, which nobody touches from then on, and its first bytes.
     */
    async function fetchAndLose(settings: Awaited<ReturnType<typeof serve>>) {
      let lost = false;
      const atLoss: { blobs?: Promise<readonly string[]> } = {};
      const paths = await fetchFromHub(MODEL, settings, {
        timing: { refreshMs: 50, staleMs: 1_000, pollMs: 20, wait: async () => {} },
        onProgress: ({ received }) => {
          if (lost) {
            // The first look at the other's lock: anything published by now would be wrong.
            atLoss.blobs ??= readdir(join(root, 'blobs'));
            return;
          }
          if (received < WEIGHTS.length) return;
          lost = true;
          writeFileSync(join(cacheDir, '.locks', 'models--timm--x', `${ETAG}.halonet.lock`), '');
          writeFileSync(join(root, 'blobs', PARTIAL), WEIGHTS);
          truncateSync(join(root, 'blobs', PARTIAL), KEPT);
        },
      });
      assert.ok(lost);
      return { path: paths['model.safetensors'] ?? '', blobs: await atLoss.blobs };
    }

    it("does not publish the other process's file", async () => {
      const { path, blobs } = await fetchAndLose(await serve());
      assert.deepEqual(blobs, [PARTIAL]);
      assert.deepEqual(ranges(), [undefined, `bytes=${KEPT}-`]);
      assert.ok((await readFile(path)).equals(WEIGHTS));
      assert.deepEqual(await readdir(join(root, 'blobs')), [ETAG]);
    });

    it("does not remove the other process's file when its own bytes are wrong", async () => {
      const { path, blobs } = await fetchAndLose(
        await serve({ kind: 'content', data: Buffer.alloc(WEIGHTS.length) }),
      );
      assert.deepEqual(blobs, [PARTIAL]);
      assert.deepEqual(ranges(), [undefined, `bytes=${KEPT}-`]);
      assert.ok((await readFile(path)).equals(WEIGHTS));
    });
  });
});
