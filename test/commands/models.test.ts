import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';
import { halonet } from '../support/cli.js';
import { DEMO_MODEL } from '../support/demo.js';

const CPU = ['--device', 'cpu'];

describe('halonet models', () => {
  it('lists every model and tag in columns', async () => {
    const { code, stdout, stderr } = await halonet(['models']);
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.trimEnd().split('\n');
    const tags = Object.values(ARCHITECTURES).flatMap(({ tags }) => Object.keys(tags));
    assert.equal(lines.length, 1 + 1 + tags.length);
    assert.match(stdout, /^halonet50ts\.a1h_in1k +22\.7 +5\.32 +256×256 +2048 +1000 +apache-2\.0 +\w+$/m);
    assert.match(stdout, /^halonet_h1\.untrained .* untrained$/m);
    assert.match(stdout, /^demo .* included$/m);
  });

  it('filters by parts of names, or by patterns for whole names', async () => {
    const names = async (...patterns: string[]) =>
      (JSON.parse((await halonet(['models', '--json', ...patterns])).stdout) as { name: string }[]).map(
        ({ name }) => name,
      );
    assert.deepEqual(await names('halonet50'), ['halonet50ts.a1h_in1k']);
    assert.deepEqual(await names('resnet5?q.*', 'demo'), ['demo', 'resnet51q.ra2_in1k']);
    for (const patterns of [['vit'], ['demo', 'vit', '--json']]) {
      const none = await halonet(['models', ...patterns]);
      assert.deepEqual([none.code, none.stdout], [2, '']);
      assert.equal(none.stderr, 'error: no model matches vit\n  List all models: halonet models\n');
    }
  });

  it('prints exact figures as JSON, and marks cached models', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'halonet-models-'));
    try {
      const repo = join(cache, 'models--timm--halonet26t.a1h_in1k');
      await mkdir(join(repo, 'refs'), { recursive: true });
      await mkdir(join(repo, 'snapshots/abc'), { recursive: true });
      await writeFile(join(repo, 'refs/main'), 'abc');
      for (const file of ['config.json', 'pytorch_model.bin'])
        await writeFile(join(repo, 'snapshots/abc', file), '{}');
      const { stdout } = await halonet(['models', 'halonet', '--json'], { env: { HF_HUB_CACHE: cache } });
      const rows = JSON.parse(stdout) as Record<string, unknown>[];
      const row = (name: string) => rows.find((candidate) => candidate.name === name);
      assert.deepEqual(
        ['weights', 'parameters', 'imageSize', 'features', 'classes'].map(
          (key) => row('halonet26t.a1h_in1k')?.[key],
        ),
        ['cached', 12_480_288, [256, 256], 2048, 1000],
      );
      assert.equal(row('halonet50ts.a1h_in1k')?.weights, 'download');
    } finally {
      await rm(cache, { recursive: true });
    }
  });
});

describe('halonet inspect', () => {
  it('describes the weights and stages of a checkpoint', async () => {
    const { code, stdout } = await halonet(['inspect', 'demo']);
    assert.equal(code, 0);
    assert.match(stdout, /^weights +.*model\.safetensors \(161 tensors, 975\.0 kB/m);
    assert.match(stdout, /^stages\.2 +stage3 +256×8×8 +16 +141,792 +11\.3$/m);
    assert.match(stdout, /^stem +- +32×32×32 /m);
    assert.match(stdout, /^stages\.3 +stage4 +512×4×4 /m);
    assert.match(stdout, /^stage0 +32×64×64 +524\.3 kB$/m);
  });

  it('prints the class names: the first few as text, all as CSV or JSON', async () => {
    const labels = JSON.parse(await readFile(join(DEMO_MODEL, 'config.json'), 'utf8'))
      .label_names as string[];
    assert.equal(labels.length, 16);
    const { stdout } = await halonet(['inspect', 'demo']);
    const first = labels.slice(0, 4).join(', ');
    assert.ok(stdout.includes(`classes       16: ${first}, … (all: --classes)\n`), stdout);
    const csv = await halonet(['inspect', 'demo', '--classes']);
    assert.equal(csv.stdout, ['index,label', ...labels.map((label, i) => `${i},${label}`), ''].join('\n'));
    assert.deepEqual(JSON.parse((await halonet(['inspect', 'demo', '--json'])).stdout).labels, labels);
  });

  it("names ImageNet's 1000 classes, and reports missing names or classes", async () => {
    const imagenet = await halonet(['inspect', 'halonet26t', '--classes'], {
      env: { HF_HUB_CACHE: '/no/such' },
    });
    assert.match(imagenet.stdout, /^index,label\n0,tench\n1,goldfish\n/);
    assert.equal(imagenet.stdout.trimEnd().split('\n').length, 1001);
    const folder = await mkdtemp(join(tmpdir(), 'halonet-inspect-'));
    try {
      const path = join(folder, 'config.json');
      const write = (num_classes: number) =>
        writeFile(path, JSON.stringify({ architecture: 'halonet26t', num_classes }));
      await write(3);
      assert.match((await halonet(['inspect', path])).stdout, /^classes +3, without names$/m);
      assert.equal((await halonet(['inspect', path, '--classes'])).stdout, 'index,label\n0,0\n1,1\n2,2\n');
      assert.equal(JSON.parse((await halonet(['inspect', path, '--json'])).stdout).labels, null);
      await write(0);
      assert.match((await halonet(['inspect', path])).stdout, /^classes +none: it has no classifier$/m);
      const { code, stdout, stderr } = await halonet(['inspect', path, '--classes']);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(
        stderr,
        /has no classes to list: it has no classifier\n {2}halonet embed and halonet features/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('describes a published model without its weights, at any size that it supports', async () => {
    const env = { HF_HUB_CACHE: '/nonexistent' };
    const { code, stdout } = await halonet(['inspect', 'halonet50ts', '--image-size', '512', '--json'], {
      env,
    });
    assert.equal(code, 0);
    const json = JSON.parse(stdout);
    assert.equal(json.weights, null);
    assert.deepEqual(json.imageSize, { height: 512, width: 512 });
    assert.deepEqual(json.stages[4], {
      name: 'stage4',
      shape: [2048, 16, 16],
      reduction: 32,
      module: 'final_conv',
    });
    const refused = await halonet(['inspect', 'halonet50ts', '--image-size', '288'], { env });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /image size of 288×288 .*\n.*--image-size 256 or 512: /);
  });

  it('refuses a size that does not fit the position embedding of a model', async () => {
    for (const model of ['botnet26t_256', 'lambda_resnet26rpt_256']) {
      const { code, stderr } = await halonet(['inspect', model, '--image-size', '512']);
      assert.equal(code, 2);
      assert.match(stderr, /image size of 512×512 .*position embedding is for.*\n.*--image-size 256: /);
    }
  });

  it('suggests the nearest sizes when a branch and its shortcut would differ in size', async () => {
    const { code, stderr } = await halonet(['inspect', 'resnet50_clip', '--image-size', '230']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /image size of 230×230 .*branch and its shortcut differ.*\n.*--image-size 224 or 256: /,
    );
  });

  it('accepts a config without weights, which jobs refuse', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-inspect-'));
    try {
      await writeFile(join(folder, 'config.json'), JSON.stringify({ architecture: 'halonet26t' }));
      assert.match((await halonet(['inspect', folder])).stdout, /^parameters +12\.5 M/m);
      const job = await halonet(['classify', 'fixtures/images', '-m', join(folder, 'config.json'), ...CPU]);
      assert.equal(job.code, 2);
      assert.match(
        job.stderr,
        /a config\.json describes a network, but has no weights\n.*the folder that holds both/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names the weights that it reads from a training checkpoint', async () => {
    const { stdout } = await halonet(['inspect', 'fixtures/pytorch/finetuned/model_best.pth.tar']);
    assert.match(stdout, /\(102 tensors of state_dict, 408\.2 kB/);
  });

  it('distinguishes a missing file from a model name, and refuses --architecture for a name', async () => {
    const missing = await halonet(['inspect', 'foo.pth']);
    assert.match(missing.stderr, /model "foo\.pth": no such file/);
    const named = await halonet(['inspect', 'halonet26t', '--architecture', 'halonet50ts']);
    assert.equal(named.code, 2);
    assert.match(
      named.stderr,
      /--architecture is for checkpoints: "halonet26t" already says which architecture it is\n/,
    );
  });

  it('describes an ONNX file that convert wrote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-inspect-'));
    try {
      const path = join(folder, 'demo.onnx');
      await halonet(['convert', 'demo', '-o', path, '--outputs', 'logits,stage2']);
      const { code, stdout, stderr } = await halonet(['inspect', path]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^cost +0\.07 GMACs at 128×128$/m);
      assert.match(stdout, /^stage2 +128×16×16 +131\.1 kB$/m);
      const resized = await halonet(['inspect', path, '--image-size', '256']);
      assert.equal(resized.code, 2);
      assert.match(
        resized.stderr,
        /--image-size is for checkpoints: .*\n.*halonet convert MODEL --image-size N /,
      );
      const { stdout: graph } = await halonet(['inspect', path, '--graph']);
      assert.match(graph, /^Conv +stem\.conv1 +1×12×64×64 /m);
      assert.doesNotMatch(graph, /com\.microsoft/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('lists the operators of the graph', async () => {
    const { code, stdout } = await halonet(['inspect', 'demo', '--graph']);
    assert.equal(code, 0);
    assert.match(stdout, /^Conv +stem\.conv1 +1×12×64×64 +\S+ +input\.normalized stem\.conv1\.weight/m);
    assert.match(stdout, /^com\.microsoft\.FusedMatMul +stages\.1\.1\.self_attn\.content /m);
  });

  it('describes the custom network of docs/models.md, and rejects an unknown activation', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-inspect-'));
    try {
      const page = await readFile('docs/models.md', 'utf8');
      const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
      const { label_names: _, ...config } = JSON.parse(example);
      const path = join(folder, 'config.json');
      await writeFile(path, JSON.stringify(config));
      const { code, stdout, stderr } = await halonet(['inspect', path]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^stages\.3 +stage4 +2048×8×8 +32 /m);
      assert.match(stdout, /^weights +not downloaded; the figures come from the architecture alone$/m);
      await writeFile(
        path,
        JSON.stringify({ ...config, model_cfg: { ...config.model_cfg, act_layer: 'mush' } }),
      );
      const wrong = await halonet(['inspect', path]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /model_cfg\.act_layer: expected one of "relu", .*received "mush"/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
