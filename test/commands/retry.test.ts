import assert from 'node:assert/strict';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { halonet, ROOT } from '../support/cli.js';
import { copyDemo } from '../support/demo-copy.js';
import { withPlan } from '../support/preloaded-cli.js';

// One image at a time: batches of another size may change the last digits on some CPUs.
const DEMO = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--batch-size', '1'];
const PHOTO = join(ROOT, 'fixtures/preprocess/chelsea.jpg');

const OUTPUTS = [
  { command: ['classify'], output: 'classes.csv', files: ['classes.csv'] },
  { command: ['classify', '--csv-safe'], output: 'safe.csv', files: ['safe.csv'] },
  { command: ['embed'], output: 'embeddings.jsonl', files: ['embeddings.jsonl'] },
  {
    command: ['classify'],
    output: 'scores.npy',
    files: ['scores.npy', 'scores.index.csv', 'scores.classes.csv'],
  },
  { command: ['embed'], output: 'embeddings.npy', files: ['embeddings.npy', 'embeddings.index.csv'] },
  {
    command: ['features', '--stages', '3,4'],
    output: 'pyramid',
    files: ['pyramid/stage3.npy', 'pyramid/stage4.npy', 'pyramid/index.csv'],
  },
  { command: ['features', '--pool', 'avg'], output: 'pooled.csv', files: ['pooled.csv'] },
  { command: ['classify'], output: 'classes.parquet', files: ['classes.parquet'] },
  { command: ['embed', '--dtype', 'float16'], output: 'halves.parquet', files: ['halves.parquet'] },
  { command: ['classify', '--csv-safe'], output: 'classes.csv.gz', files: ['classes.csv.gz'] },
  { command: ['embed', '--format', 'jsonl'], output: 'embeddings.json.zst', files: ['embeddings.json.zst'] },
  {
    command: ['features', '--layout', 'per-image', '--stages', '3,4'],
    output: 'tree',
    files: [
      'tree/photos/a.jpg.stage3.npy',
      'tree/photos/a.jpg.stage4.npy',
      'tree/checksums.txt',
      'tree/index.csv',
    ],
  },
];

/** Changes to a model between a run and its retry: the file, the change, and the message. */
const CHANGES_OF_A_MODEL: readonly (readonly [string, (bytes: Buffer) => Buffer | string, RegExp])[] = [
  [
    'model.safetensors',
    (bytes) => Buffer.concat([bytes.subarray(0, -4), Buffer.alloc(4)]),
    /the network differs \(--model, /,
  ],
  [
    'config.json',
    (bytes) => String(bytes).replace('"crop_pct"', '"crop_mode": "squash", "crop_pct"'),
    /--crop-mode was center, now squash/,
  ],
];

describe('halonet retry', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-retry-'));
    await mkdir(join(folder, 'photos'));
    await copyFile(PHOTO, join(folder, 'photos', 'a.jpg'));
    await writeFile(join(folder, 'photos', '=bad, "1".jpg'), 'no image');
    await writeFile(join(folder, 'photos', 'bad\n2.jpg'), 'no image');
  });
  afterEach(() => rm(folder, { recursive: true }));
  const here = (args: readonly string[]) => halonet(args, { cwd: folder });
  const bytes = (file: string) => readFile(join(folder, file));

  for (const { command, output, files } of OUTPUTS) {
    it(`recomputes the failed rows of ${output}, and leaves the others unchanged`, async () => {
      const [name = '', ...flags] = command;
      const run = (target: string) => here([name, 'photos', ...DEMO, ...flags, '--output', target]);
      assert.equal((await run(output)).code, 1);
      await copyFile(PHOTO, join(folder, 'photos', '=bad, "1".jpg'));
      const retried = await halonet(['retry', join(folder, output)]); // from another folder
      assert.equal(retried.code, 1);
      assert.match(retried.stderr, /^retried 2 images in .*, 1 succeeded, 3 rows in all, 1 still failed \(/);
      await here([name, 'photos', ...DEMO, ...flags, '--output', `other-${output}`]);
      for (const file of files) assert.deepEqual(await bytes(file), await bytes(`other-${file}`));
      assert.equal((await here(['verify', output])).code, 0);
      await copyFile(PHOTO, join(folder, 'photos', 'bad\n2.jpg'));
      assert.equal((await here(['retry', output, '--threads', '2'])).code, 0);
      assert.equal((await here(['retry', output])).code, 0);
      const { command: recorded } = JSON.parse(await readFile(join(folder, `${output}.run.json`), 'utf8'));
      assert.deepEqual(recorded, [name, 'photos', ...DEMO, ...flags, '--output', output]);
    });
  }

  it('counts the rows of the output as its total', async () => {
    await here(['embed', 'photos', ...DEMO, '--output', 'e.npy']);
    const { code, stderr } = await here(['retry', 'e.npy', '--progress', 'json']);
    assert.equal(code, 1);
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events
        .filter(({ event }) => event === 'progress')
        .map(({ rows, total }) => ({ rows, total }))
        .at(-1),
      { rows: 3, total: 3 },
    );
  });

  it('resolves relative paths against the folder of the run, wherever it is called', async () => {
    await copyDemo(join(folder, 'model'), { measured: false });
    const labels = Array.from({ length: 16 }, (_, i) => `class ${i}\n`);
    await writeFile(join(folder, 'names.txt'), labels);
    const [, , ...flags] = DEMO;
    const run = ['classify', 'photos', '--model', 'model', ...flags, '--labels', 'names.txt', '-o', 'c.csv'];
    assert.equal((await here(run)).code, 1);
    const manifestOf = async () => JSON.parse(String(await bytes('c.csv.run.json')));
    const then = await manifestOf();
    await copyFile(PHOTO, join(folder, 'photos', '=bad, "1".jpg'));
    const retried = await halonet(['retry', join(folder, 'c.csv')], { cwd: join(folder, 'model') });
    assert.equal(retried.code, 1, retried.stderr);
    const { model, command, folder: started } = await manifestOf();
    assert.deepEqual(
      { model, command, folder: started },
      {
        model: then.model,
        command: then.command,
        folder: then.folder,
      },
    );
    assert.equal(model.path, 'model/model.safetensors');
    const rows = await bytes('c.csv');
    assert.match(String(rows), /^photos\/a\.jpg,/m);
    await here([...run, '--overwrite']);
    assert.deepEqual(rows, await bytes('c.csv'));
  });

  it('reports that the folder of the run is gone', async () => {
    const away = join(folder, 'away');
    await mkdir(away);
    await halonet(['embed', '../photos', ...DEMO, '-o', '../e.npy'], { cwd: away });
    await rm(away, { recursive: true });
    const { code, stderr } = await here(['retry', 'e.npy']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: the run was started in .*away, which cannot be entered \(no such file or folder\)\n/,
    );
  });

  it('adds no --retry flag to embed', async () => {
    const { code, stderr } = await here(['embed', 'photos', ...DEMO, '--retry', '[]']);
    assert.equal(code, 2);
    assert.match(stderr, /there is no flag --retry/);
  });

  it('accepts other limits for failed images', async () => {
    await here(['embed', 'photos', ...DEMO, '-o', 'e.npy', '--max-pixels', '1000']);
    const { code, stderr } = await here(['retry', 'e.npy', '--max-pixels', '10M']);
    assert.equal(code, 1);
    assert.match(stderr, /1 succeeded, 2 still failed/);
    const { failures, fingerprint, preprocessing } = JSON.parse(
      await readFile(join(folder, 'e.npy.run.json'), 'utf8'),
    );
    assert.deepEqual(failures, { unsupported_format: 2 });
    assert.equal(preprocessing.maxPixels, 10_000_000);
    assert.equal(fingerprint.maxPixels, '1000'); // that of the run, for a later --sync
  });

  it('refuses to mix rows of two models, or of two crop modes', async () => {
    const model = join(folder, 'model');
    await copyDemo(model, { measured: false });
    const [, , ...flags] = DEMO;
    await here(['embed', 'photos', '--model', 'model', ...flags, '-o', 'e.jsonl']);
    await copyFile(PHOTO, join(folder, 'photos', '=bad, "1".jpg'));
    const rows = await bytes('e.jsonl');
    for (const [name, change, difference] of CHANGES_OF_A_MODEL) {
      const path = join(model, name);
      const then = await readFile(path);
      await writeFile(path, change(then));
      const { code, stderr } = await here(['retry', 'e.jsonl']);
      assert.equal(code, 2);
      assert.match(stderr, /^error: .*e\.jsonl was started with other settings: /);
      assert.match(stderr, difference);
      assert.deepEqual(await bytes('e.jsonl'), rows);
      await writeFile(path, then);
    }
    const names = ['e.jsonl', 'e.jsonl.run.json', 'e.jsonl.run.rows', 'model', 'photos'];
    assert.deepEqual((await readdir(folder)).sort(), names);
    const { code, stderr } = await here(['retry', 'e.jsonl', '--fail-on', 'none', '--max-pixels', '10M']);
    assert.equal(code, 1);
    assert.match(stderr, /^retried 2 images in .*, 1 succeeded, 3 rows in all, 1 still failed \(/);
  });

  it('finds a run through a symbolic link whose extension gave the format', async () => {
    await writeFile(join(folder, 'run-7.npy'), '');
    await symlink('run-7.npy', join(folder, 'latest.csv'));
    await here(['embed', 'photos', ...DEMO, '-o', 'latest.csv', '--overwrite']);
    await copyFile(PHOTO, join(folder, 'photos', '=bad, "1".jpg'));
    const { code, stderr } = await here(['retry', 'latest.csv']);
    assert.equal(code, 1);
    assert.match(stderr, /^retried 2 images in .* 1 still failed .* written to latest\.csv\n/);
    assert.equal((await here(['retry', 'run-7.npy'])).code, 1);
    assert.equal((await here(['verify', 'latest.csv'])).code, 0);
  });

  it('does not need the list that the run read from standard input', async () => {
    const stdin = 'photos/a.jpg\nphotos/=bad, "1".jpg\n';
    await halonet(['embed', '-', ...DEMO, '-o', 'e.npy'], { stdin, cwd: folder });
    await copyFile(PHOTO, join(folder, 'photos', '=bad, "1".jpg'));
    assert.equal((await here(['retry', 'e.npy'])).code, 0);
    assert.equal((await readFile(join(folder, 'e.index.csv'), 'utf8')).split('\n').length, 4);
  });

  it('resumes an interrupted retry, which embed --resume refuses', async () => {
    await rm(join(folder, 'photos', '=bad, "1".jpg'));
    await here(['embed', 'photos', ...DEMO, '-o', 'e.npy']);
    const stopped = await here(['retry', 'e.npy', '--fail-fast']);
    assert.equal(stopped.code, 1);
    assert.match(
      stopped.stderr,
      /stopped at the first failed image, .*bad\\n2\.jpg[\s\S]*1 row is saved; to continue, repeat the command\./,
    );
    const resumed = await here(['embed', 'photos', ...DEMO, '-o', 'e.npy', '--resume']);
    assert.equal(resumed.code, 2);
    assert.match(
      resumed.stderr,
      /a retry of e\.npy was interrupted.*\n.*Continue it: halonet retry e\.npy\n/,
    );
    await copyFile(PHOTO, join(folder, 'photos', 'bad\n2.jpg'));
    const retried = await here(['retry', 'e.npy']);
    assert.equal(retried.code, 0);
    assert.match(retried.stderr, /continuing after 1 row\nretried 1 image in /);
    assert.deepEqual((await readdir(folder)).sort(), [
      'e.index.csv',
      'e.npy',
      'e.npy.run.json',
      'e.npy.run.rows',
      'photos',
    ]);
  });

  for (const { output, command } of OUTPUTS) {
    if (command.includes('--csv-safe')) continue;
    it(`recovers a retry of ${output} that failed while publishing, and retries the rest`, async () => {
      const [name = '', ...flags] = command;
      await here([name, 'photos', ...DEMO, ...flags, '--output', output]);
      await copyFile(PHOTO, join(folder, 'photos', '=bad, "1".jpg'));
      const manifest = join(folder, `${output}.run.json`);
      const fault = { kind: 'rename', index: 0, code: 'EIO', lasting: true } as const; // no file gets its final name
      const env = withPlan({ folder, report: `${folder}.report`, fault });
      const cut = await halonet(['retry', output], { cwd: folder, env });
      await rm(`${folder}.report`);
      assert.equal(cut.code, 2, cut.stderr);
      await assert.rejects(readFile(manifest), { code: 'ENOENT' });
      await copyFile(PHOTO, join(folder, 'photos', 'bad\n2.jpg'));
      const retried = await here(['retry', output]);
      assert.equal(retried.code, 0, retried.stderr);
      assert.match(retried.stderr, /^retried 1 image in .*, 1 succeeded, 3 rows in all, written to /);
      assert.equal(JSON.parse(await readFile(manifest, 'utf8')).rows, 3);
      assert.equal((await here(['verify', output])).code, 0);
      assert.equal((await readdir(folder)).includes(`${output}.partial`), false);
    });
  }

  it('explains how to start over when the manifest of an interrupted retry is gone', async () => {
    await rm(join(folder, 'photos', '=bad, "1".jpg'));
    await here(['embed', 'photos', ...DEMO, '-o', 'e.npy']);
    assert.equal((await here(['retry', 'e.npy', '--fail-fast'])).code, 1);
    await rm(join(folder, 'e.npy.run.json'));
    const { code, stderr } = await here(['retry', 'e.npy']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /a retry of e\.npy was interrupted, and the manifest that it works from, e\.npy\.run\.json, is gone\n.*--overwrite/,
    );
    assert.equal((await here(['embed', 'photos', ...DEMO, '-o', 'e.npy', '--overwrite'])).code, 1);
  });

  it('leaves an interrupted run to --resume', async () => {
    await rm(join(folder, 'photos', '=bad, "1".jpg'));
    assert.equal((await here(['embed', 'photos', ...DEMO, '-o', 'e.npy', '--fail-fast'])).code, 1);
    const { code, stderr } = await here(['retry', 'e.npy']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /the run to e\.npy has not finished: only a finished run can be verified or retried\n.*--resume/,
    );
  });

  it('refuses an altered output, and one without a manifest', async () => {
    await here(['embed', 'photos', ...DEMO, '-o', 'e.npy']);
    await appendFile(join(folder, 'e.index.csv'), '!');
    const altered = await here(['retry', 'e.npy']);
    assert.equal(altered.code, 2);
    assert.match(
      altered.stderr,
      /e\.index\.csv was altered: halonet retry needs all files of e\.npy as its run wrote them\n.*e\.npy\.run\.json.*halonet verify e\.npy\n/,
    );
    await rm(join(folder, 'e.index.csv'));
    assert.match(
      (await here(['embed', 'photos', ...DEMO, '-o', 'e.npy', '--resume'])).stderr,
      /^error: e\.index\.csv is missing: --resume needs all files of e\.npy as its run wrote them\n {2}Restore the file, or pass --overwrite /,
    );
    const none = await here(['retry', 'other.npy']);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /other\.npy has no manifest/);
  });
});

describe('halonet retry and halonet verify', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-wrong-')));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const here = (args: readonly string[]) => halonet(args, { cwd: folder });

  /** Expects both commands to refuse an output. */
  async function assertRefused(output: string, text: string): Promise<void> {
    for (const command of ['retry', 'verify']) {
      const { code, stderr } = await here([command, output]);
      assert.deepEqual([command, code, stderr], [command, 2, text]);
    }
  }

  it('name the output if they are given another of its files', async () => {
    await here(['features', PHOTO, ...DEMO, '--stages', '4', '-o', 'maps']);
    await here(['classify', PHOTO, ...DEMO, '-o', 'c.npy']);
    const files = [
      ...['c.npy.run.json', 'c.npy.run.rows', 'c.index.csv', 'c.classes.csv'].map((file) => [file, 'c.npy']),
      ...['maps.run.json', 'maps.run.rows', 'maps/stage4.npy', 'maps/index.csv'].map((file) => [
        file,
        'maps',
      ]),
    ] as const;
    for (const [file = '', output = ''] of files) {
      const shown = file.startsWith('maps/') ? 'maps/' : output;
      await assertRefused(
        file,
        `error: ${file} is a file of an output, not the output itself\n  Name the output: ${shown}\n`,
      );
    }
    await assertRefused(
      'none.npy',
      'error: none.npy has no manifest: expected none.npy.run.json\n  Name the output of a finished run: the file or folder that was given as --output.\n',
    );
  });

  it('say that a run has not finished', async () => {
    await writeFile(join(folder, 'bad.jpg'), 'no image');
    assert.equal((await here(['embed', PHOTO, 'bad.jpg', ...DEMO, '-o', 'e.npy', '--fail-fast'])).code, 1);
    await assertRefused(
      'e.npy',
      'error: the run to e.npy has not finished: only a finished run can be verified or retried\n  Finish it first: repeat its command with --resume.\n',
    );
  });
});

describe('halonet verify', () => {
  it('ignores other files in a folder of features', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-verify-'));
    try {
      const output = join(folder, 'pyramid');
      await halonet(['features', PHOTO, ...DEMO, '--stages', '4', '-o', output]);
      await writeFile(join(output, '.DS_Store'), 'a file manager was here');
      const { code, stdout } = await halonet(['verify', output]);
      assert.deepEqual([code, stdout.match(/^intact {3}/gm)?.length], [0, 3]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names files as the output is given: below the working directory, or in full', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-verify-')));
    try {
      await halonet(['embed', PHOTO, ...DEMO, '-o', join(folder, 'e.csv')]);
      const shown = async (output: string, cwd: string) =>
        (await halonet(['verify', output], { cwd })).stdout.split('\n').map((line) => line.slice(9));
      const full = [join(folder, 'e.csv'), join(folder, 'e.csv.run.rows'), ''];
      await mkdir(join(folder, 'elsewhere'));
      assert.deepEqual(await shown('e.csv', folder), ['e.csv', 'e.csv.run.rows', '']);
      assert.deepEqual(await shown(full[0] ?? '', folder), full);
      assert.deepEqual(await shown('../e.csv', join(folder, 'elsewhere')), full);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names modified and missing files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-verify-'));
    try {
      const output = join(folder, 'e.npy');
      await halonet(['embed', PHOTO, ...DEMO, '-o', output]);
      const good = await halonet(['verify', output]);
      assert.deepEqual([good.code, good.stdout.match(/^intact {3}/gm)?.length], [0, 3]);
      assert.match(good.stderr, /^1 row, written 20/);
      const npy = await readFile(output);
      npy[200] = (npy[200] ?? 0) ^ 1; // of the same size
      await writeFile(output, npy);
      await rm(join(folder, 'e.index.csv'));
      const bad = await halonet(['verify', output]);
      assert.equal(bad.code, 1);
      assert.match(
        bad.stdout,
        /^missing {2}.*e\.index\.csv\naltered {2}.*e\.npy\nintact {3}.*e\.npy\.run\.rows\n$/,
      );
      assert.match(
        bad.stderr,
        /^2 files are altered or missing\. Restore them from a backup, or repeat the command in .*e\.npy\.run\.json with --overwrite\.\n1 row, /,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
