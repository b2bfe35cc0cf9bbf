import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, startHubServer } from '../hub/hub-server.js';
import { halonet, startHalonet } from '../support/cli.js';

const NAME = 'halonet50ts.a1h_in1k';
const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const IMAGE = 'fixtures/preprocess/chelsea.jpg';

describe('a timm name as --model', () => {
  it('downloads once into the cache that Python uses, and needs no network afterwards', async () => {
    // The demo checkpoint under the published name: its config.json brings its own model_cfg.
    const files = {
      'config.json': await readFile('assets/demo-model/config.json'),
      'model.safetensors': await readFile('assets/demo-model/model.safetensors'),
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

  describe('when the download fails', () => {
    let home: string;

    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), 'halonet-home-'));
    });

    afterEach(() => rm(home, { recursive: true }));

    const serve = (fault: Fault) => {
      const files = { 'config.json': Buffer.from('{}'), 'model.safetensors': Buffer.alloc(1000) };
      return startHubServer({ repos: { [`timm/${NAME}`]: { commit: COMMIT, files } }, fault: () => fault });
    };
    const classify = (endpoint: string): readonly [readonly string[], { env: Record<string, string> }] => [
      ['classify', IMAGE, '--device', 'cpu'],
      { env: { HF_ENDPOINT: endpoint, HF_HUB_CACHE: home, HF_HUB_OFFLINE: '', HF_TOKEN: '' } },
    ];

    const failures: readonly (readonly [string, Fault, RegExp])[] = [
      [
        'a redirect that leads nowhere',
        { kind: 'redirect', to: 'file:///etc/passwd' },
        /^error: http:.*config\.json was redirected to "file:\/\/\/etc\/passwd", which is no http address\n {2}Check HF_ENDPOINT/,
      ],
      [
        'a wait of a day',
        { kind: 'status', status: 429, headers: { 'retry-after': '86400' } },
        /^error: .*HTTP 429 \(too many requests\), and the server asks to wait 24 hours; halonet waits 5 minutes at most\n {2}Run the command again after that/,
      ],
      [
        'a file that is larger than the disk',
        { kind: 'claim', size: 9e14 },
        /\nerror: no room in the Hugging Face cache .*: model\.safetensors of timm\/halonet50ts\.a1h_in1k needs another 900\.0 TB, and .* are free\n {2}Free some space there/,
      ],
    ];
    for (const [what, fault, message] of failures) {
      it(`exits with code 2 on ${what}`, async () => {
        const server = await serve(fault);
        try {
          const { code, stdout, stderr } = await halonet(...classify(server.endpoint));
          assert.deepEqual([code, stdout], [2, '']);
          assert.match(stderr, message);
        } finally {
          await server.close();
        }
      });
    }

    it('reports that it waits for the server, and exits with code 130 on Ctrl-C', async () => {
      // Longer than this test may take.
      const server = await serve({ kind: 'status', status: 429, headers: { 'retry-after': '290' } });
      const run = startHalonet(...classify(server.endpoint));
      const limit = setTimeout(() => run.kill('SIGKILL'), 100_000); // ends a wait that continues
      try {
        let stderr = '';
        for await (const text of run.stderr.setEncoding('utf8')) {
          const before = stderr;
          stderr += text;
          if (stderr.includes('attempt\n') && !before.includes('attempt\n')) run.kill('SIGINT');
        }
        if (run.exitCode === null) await once(run, 'exit');
        assert.equal(run.exitCode, 130, stderr);
        assert.match(
          stderr,
          /^config\.json: HTTP 429 \(too many requests\); waiting 5 minutes, as the server asks, before the next attempt\n/,
        );
        assert.match(stderr, /interrupted \(SIGINT\)/);
      } finally {
        clearTimeout(limit);
        run.kill('SIGKILL');
        await server.close();
      }
    });
  });
});
