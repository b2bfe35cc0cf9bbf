import assert from 'node:assert/strict';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHubServer } from '../hub/hub-server.js';
import { halonet } from '../support/cli.js';

const NAME = 'halonet50ts.a1h_in1k';
const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const IMAGE = 'fixtures/preprocess/chelsea.jpg';

describe('a timm name as --model', () => {
  it('is downloaded once, into the cache that Python uses, and needs no network after that', async () => {
    // The demo checkpoint under the published name: its config.json brings its own model_cfg.
    const files = {
      'config.json': await readFile('fixtures/demo-model/config.json'),
      'model.safetensors': await readFile('fixtures/demo-model/model.safetensors'),
    };
    const server = await startHubServer({ repos: { [`timm/${NAME}`]: { commit: COMMIT, files } } });
    const home = await mkdtemp(join(tmpdir(), 'halonet-home-'));
    try {
      const env = { HF_ENDPOINT: server.endpoint, HF_HOME: home, HF_HUB_CACHE: '', HF_HUB_OFFLINE: '' };
      const first = await halonet(['classify', IMAGE, '--device', 'cpu'], { env });
      assert.equal(first.code, 0, first.stderr);
      assert.match(
        first.stderr,
        /^downloading config\.json .*\ndownloading model\.safetensors \(1\.0 MB\)\n1 image in /,
      );
      const demo = await halonet(['classify', IMAGE, '-m', 'demo']);
      assert.equal(first.stdout, demo.stdout);

      const repo = join(home, 'hub', `models--timm--${NAME}`);
      assert.equal(await readFile(join(repo, 'refs/main'), 'utf8'), COMMIT);
      const snapshot = join(repo, 'snapshots', COMMIT);
      assert.deepEqual((await readdir(snapshot)).sort(), Object.keys(files).sort());
      assert.ok((await lstat(join(snapshot, 'model.safetensors'))).isSymbolicLink());

      const requests = server.seen.length;
      for (const model of ['halonet50ts', `timm/${NAME}`]) {
        const again = await halonet(['classify', IMAGE, '--device', 'cpu', '-m', model], { env });
        assert.equal(again.stdout, demo.stdout);
        assert.match(again.stderr, /^1 image in /);
      }
      assert.equal(server.seen.length, requests);
    } finally {
      await server.close();
      await rm(home, { recursive: true });
    }
  });
});
