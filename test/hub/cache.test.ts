import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubError } from '../../src/errors.js';
import { findSnapshot, linkBlob, repoCache, snapshotPath, writeRef } from '../../src/hub/cache.js';

const COMMIT = 'c'.repeat(40);

describe('hub cache', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'halonet-cache-'));
  });

  afterEach(() => rm(dir, { recursive: true }));

  it('names folders as huggingface_hub does', () => {
    const cache = repoCache('/hub', 'timm/halonet50ts.a1h_in1k');
    const root = '/hub/models--timm--halonet50ts.a1h_in1k';
    assert.equal(cache.blobs, `${root}/blobs`);
    assert.equal(snapshotPath(cache, COMMIT, 'config.json'), `${root}/snapshots/${COMMIT}/config.json`);
    assert.equal(cache.locks, '/hub/.locks/models--timm--halonet50ts.a1h_in1k');
  });

  it('refuses names that leave the cache', () => {
    for (const repo of ['', '..', '../x', 'a/b/c', 'a/..', '/a', 'a--b/c', 'a\\b', 'a/b..c']) {
      assert.throws(() => repoCache(dir, repo), HubError, repo);
    }
    const cache = repoCache(dir, 'timm/x');
    for (const file of ['', '..', '../x', 'a/../../x', '/etc/passwd', 'a//b', 'a\\..\\b', 'C:x', 'a\0']) {
      assert.throws(() => snapshotPath(cache, COMMIT, file), HubError, file);
    }
    for (const commit of ['', '..', 'a/b', '.hidden']) {
      assert.throws(() => snapshotPath(cache, commit, 'x'), HubError, commit);
    }
  });

  it('finds a snapshot by branch, by nested revision and by commit hash', async () => {
    const cache = repoCache(dir, 'timm/x');
    const file = snapshotPath(cache, COMMIT, 'sub/config.json');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, '{}');
    const absent = { commit: undefined, paths: {}, missing: ['sub/config.json'] };
    assert.deepEqual(await findSnapshot(cache, 'main', ['sub/config.json']), absent);
    for (const revision of ['main', 'refs/pr/1']) await writeRef(cache, revision, COMMIT);
    for (const revision of ['main', 'refs/pr/1', COMMIT]) {
      assert.deepEqual(await findSnapshot(cache, revision, ['sub/config.json', 'other']), {
        commit: COMMIT,
        paths: { 'sub/config.json': file },
        missing: ['other'],
      });
    }
    assert.equal(await readFile(join(cache.refs, 'refs', 'pr', '1'), 'utf8'), COMMIT);
  });

  describe('linkBlob', () => {
    let blob: string;
    let pointer: string;

    beforeEach(async () => {
      const cache = repoCache(dir, 'timm/x');
      blob = join(cache.blobs, 'etag');
      pointer = snapshotPath(cache, COMMIT, 'sub/model.safetensors');
      await mkdir(cache.blobs, { recursive: true });
      await writeFile(blob, 'weights');
    });

    const refuseLinks: typeof symlink = async () => {
      throw Object.assign(new Error('EPERM: operation not permitted, symlink'), { code: 'EPERM' });
    };

    it('creates a relative link, and replaces a dangling one', async () => {
      await mkdir(join(pointer, '..'), { recursive: true });
      await symlink('../nowhere', pointer);
      await linkBlob(blob, pointer, { isNew: true, link: symlink });
      assert.equal(await readlink(pointer), '../../../blobs/etag');
      assert.equal(await readFile(pointer, 'utf8'), 'weights');
    });

    it('moves a new blob if links are refused', async () => {
      await linkBlob(blob, pointer, { isNew: true, link: refuseLinks });
      assert.ok((await lstat(pointer)).isFile());
      await assert.rejects(lstat(blob), { code: 'ENOENT' });
    });

    it('copies an existing blob if links are refused or disabled', async () => {
      for (const link of [refuseLinks, undefined]) {
        await linkBlob(blob, pointer, { isNew: false, link });
        assert.ok((await lstat(pointer)).isFile());
        assert.equal(await readFile(pointer, 'utf8'), 'weights');
        assert.equal(await readFile(blob, 'utf8'), 'weights');
      }
    });
  });
});
