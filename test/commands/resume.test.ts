import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { readJournal } from '../../src/runs/journal.js';
import { filesIn } from '../runs/outputs.js';
import { type CliResult, halonet, ROOT, startHalonet } from '../support/cli.js';

// One image at a time, and a checkpoint after each.
const DEMO = [
  ...['--model', 'demo', '--device', 'cpu', '--threads', '1'],
  ...['--batch-size', '1', '--decoders', '1', '--checkpoint', '0'],
];

const COMMANDS = [
  { command: ['classify'], output: 'classes.csv', signal: 'SIGKILL', code: null },
  { command: ['embed', '--dtype', 'float16'], output: 'halves.npy', signal: 'SIGINT', code: 130 },
  { command: ['features', '--stages', '3,4'], output: 'pyramid', signal: 'SIGTERM', code: 143 },
] as const;

describe('resuming and syncing a run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-resume-'));
    await mkdir(join(folder, 'photos'));
    for (const name of ['a', 'b', 'd', 'e']) await draw(name);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const photo = (name: string) => join(folder, 'photos', `${name}.png`);
  const draw = async (name: string, background = `#${name.repeat(6)}`) => {
    await sharp({ create: { width: 40, height: 30, channels: 3, background } }).toFile(photo(name));
  };
  const here = (args: readonly string[], stdin?: string): Promise<CliResult> =>
    halonet(args, { cwd: folder, ...(stdin !== undefined && { stdin }) });

  /** The contents of an output's files, by name. */
  async function filesOf(output: string): Promise<Readonly<Record<string, string>>> {
    const stem = output.replace(/\.npy$/, '');
    const files = Object.entries(await filesIn(folder)).filter(([name]) => name.startsWith(stem));
    return Object.fromEntries(files.map(([name, content]) => [name.slice(stem.length), content]));
  }

  /** Asserts that an output matches that of an uninterrupted run. */
  async function assertAsNew(
    command: readonly string[],
    output: string,
    inputs: string,
    stdin?: string,
  ): Promise<void> {
    const [name = '', ...flags] = command;
    await here([name, inputs, ...DEMO, ...flags, '-o', `new-${output}`], stdin);
    assert.deepEqual(await filesOf(output), await filesOf(`new-${output}`));
  }

  for (const { command, output, signal, code } of COMMANDS) {
    it(`resumes after ${signal} to the same ${output}, reading the list on standard input again`, async () => {
      const [name, ...flags] = command;
      const args = [name, '-', ...DEMO, ...flags, '-o', output];
      const list = ['a', 'none', 'b', 'd', 'e'].map((image) => `photos/${image}.png\n`);
      const child = startHalonet(args, { cwd: folder });
      const closed = once(child, 'close');
      const stderr = text(child.stderr);
      child.stdout.resume();
      child.stdin.write(list.slice(0, 3).join(''));
      const journal = join(folder, `${output}.partial`, 'journal.jsonl');
      while ((await readJournal(journal))?.checkpoint.rows !== 3) await sleep(5);
      const second = await here([...args, '--resume'], list.join(''));
      assert.equal(second.code, 2);
      assert.match(
        second.stderr,
        new RegExp(`another run \\(process ${child.pid} on .*\\) is writing ${output}`),
      );
      child.kill(signal);
      assert.deepEqual(await closed, [code, code === null ? signal : null]);
      if (code !== null) {
        assert.equal(
          await stderr,
          `finishing the current batch; ${signal === 'SIGINT' ? 'press Ctrl-C again to stop' : 'a second signal stops'} at once\n` +
            `interrupted (${signal}): 3 rows are saved; to continue, repeat the command with --resume\n`,
        );
      }
      const resumed = await here([...args, '--resume'], list.join(''));
      assert.equal(resumed.code, 1, resumed.stderr);
      assert.match(
        resumed.stderr,
        new RegExp(
          `^${output}: continuing after 3 rows\n2 images in .*, 5 rows in all, 1 failed \\(not_found 1\\)`,
        ),
      );
      await assertAsNew(command, output, '-', list.join(''));
      const again = await here([...args, '--resume'], list.join(''));
      assert.deepEqual(
        [again.code, again.stderr],
        [1, `nothing left to do: 5 images in ${output}, 1 failed (not_found 1)\n`],
      );
    });
  }

  it('requires --resume or --overwrite, and resumes at the failed image', async () => {
    await writeFile(photo('c'), 'no image');
    const args = ['embed', 'photos', ...DEMO, '-o', 'e.jsonl'];
    const stopped = await here([...args, '--fail-fast']);
    assert.equal(stopped.code, 1);
    assert.match(
      stopped.stderr,
      /^error: stopped at the first failed image, "photos\/c\.png" \(unsupported_format: .*\)\n {2}Repair or remove it, .*\n {2}2 rows are saved; to continue, repeat the command with --resume\.\n$/,
    );
    assert.deepEqual((await readdir(folder)).sort(), ['e.jsonl.partial', 'photos']);

    const refused = await here(args);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: a run to e\.jsonl was interrupted: .*\n.*--resume .*--overwrite /);

    const other = await here([...args, '--resume', '--dtype', 'float16']);
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /e\.jsonl was started with other settings: --dtype was float32, now float16\n/,
    );

    const again = await here([...args, '--resume', '--fail-fast']);
    assert.equal(again.code, 1);
    assert.match(
      again.stderr,
      /^e\.jsonl: continuing after 2 rows\nerror: stopped at the first failed image, /,
    );

    await draw('c');
    const resumed = await here([...args, '--resume', '--fail-fast']);
    assert.deepEqual([resumed.code, (await here([...args, '--resume'])).code], [0, 0]);
    assert.match(resumed.stderr, /continuing after 2 rows\n3 images in .*, 5 rows in all, written to/);
    await assertAsNew(['embed'], 'e.jsonl', 'photos');
  });

  it('starts over with --overwrite', async () => {
    await writeFile(photo('c'), 'no image');
    const args = ['classify', 'photos', ...DEMO, '-o', 'classes.csv'];
    assert.equal((await here([...args, '--fail-fast'])).code, 1);
    const whole = await here([...args, '--overwrite', '--top-k', '2']);
    assert.equal(whole.code, 1);
    assert.match(whole.stderr, /^5 images in .*, 1 failed/);
    await assertAsNew(['classify', '--top-k', '2'], 'classes.csv', 'photos');
  });

  it('computes only what changed with --sync, whether the run finished or not', async () => {
    await writeFile(photo('f'), 'no image');
    const args = ['features', 'photos', ...DEMO, '--stages', '4', '-o', 'pyramid'];
    assert.equal((await here([...args, '--fail-fast'])).code, 1); // 4 rows
    await draw('c');
    await rm(photo('a'));
    await utimes(photo('e'), 1, 1);
    const refused = await here([...args, '--resume']);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^error: the inputs of pyramid have changed: 1 new, 1 changed, 1 gone\n.*--sync .*--overwrite/,
    );
    const synced = await here([...args, '--sync']);
    assert.equal(synced.code, 1);
    assert.match(
      synced.stderr,
      /^pyramid: 1 new, 1 changed, 1 gone\n3 images in .*, 5 rows in all, 1 failed/,
    );
    await assertAsNew(['features', '--stages', '4'], 'pyramid', 'photos');

    const written = (await stat(join(folder, 'pyramid', 'index.csv'))).mtimeMs;
    const unchanged = await here([...args, '--sync']);
    assert.equal(
      unchanged.stderr,
      'nothing left to do: 5 images in pyramid, 1 failed (unsupported_format 1)\n',
    );
    assert.equal((await stat(join(folder, 'pyramid', 'index.csv'))).mtimeMs, written);

    await draw('f');
    await rm(photo('b'));
    const finished = await here([...args, '--sync']);
    assert.equal(finished.code, 0);
    assert.match(finished.stderr, /^pyramid: 1 changed, 1 gone\n1 image in .*, 4 rows in all, written/);
    await rm(join(folder, 'new-pyramid'), { recursive: true });
    await rm(join(folder, 'new-pyramid.run.json'));
    await assertAsNew(['features', '--stages', '4'], 'pyramid', 'photos');
  });

  it('refuses to reuse rows of an output that changed after the run started', async () => {
    const sync = ['classify', 'photos', ...DEMO, '-o', 'classes.csv', '--sync'];
    await here(['classify', 'photos', ...DEMO, '-o', 'classes.csv']);
    await writeFile(photo('c'), 'no image');
    assert.equal((await here([...sync, '--fail-fast'])).code, 1);
    const manifest = join(folder, 'classes.csv.run.json');
    const then = await readFile(manifest, 'utf8');
    await writeFile(manifest, then.replace(/"finished": "20/, '"finished": "21'));
    const refused = await here([...sync, '--fail-fast']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /classes\.csv has changed since the run in .* started/);
    await writeFile(manifest, then);
    assert.equal((await here(sync)).code, 1);
    await assertAsNew(['classify'], 'classes.csv', 'photos');
  });

  it('syncs with a changed list on standard input', async () => {
    const listed = (...names: string[]) => names.map((name) => `photos/${name}.png\n`).join('');
    const sync = ['embed', '-', ...DEMO, '-o', 'e.npy', '--sync'];
    await here(sync, listed('a', 'b', 'd'));
    assert.match((await here(sync, listed('a', 'b', 'd'))).stderr, /nothing left to do: 3 images in e\.npy/);
    const changed = await here(sync, listed('b', 'e', 'd'));
    assert.match(changed.stderr, /e\.npy: 1 new, 1 gone\n1 image in .*3 rows in all/);
    await assertAsNew(['embed'], 'e.npy', '-', listed('b', 'e', 'd'));
  });

  it('loses no row to --sync while a listed folder is missing or empty', async () => {
    const sync = ['embed', '-', ...DEMO, '-o', 'e.npy', '--sync'];
    assert.equal((await here(sync, 'photos\n')).code, 0);
    const before = await filesOf('e.npy');
    const assertRefused = async (why: string) => {
      const { code, stderr } = await here(sync, 'photos\n');
      assert.equal(code, 2);
      assert.match(
        stderr,
        new RegExp(`^error: --sync would drop all 4 rows of e\\.npy: ${why}\\n.* is mounted .*--overwrite`),
      );
      assert.deepEqual(await filesOf('e.npy'), before);
    };
    await rename(join(folder, 'photos'), join(folder, 'away'));
    await assertRefused('1 input cannot be read');
    await mkdir(join(folder, 'photos')); // as an unmounted disk leaves it
    await assertRefused('none of its images is among the inputs any more');
    await rmdir(join(folder, 'photos'));
    await rename(join(folder, 'away'), join(folder, 'photos'));
    assert.match((await here(sync, 'photos\n')).stderr, /nothing left to do: 4 images in e\.npy/);
  });

  it('describes the finished run in its manifest', async () => {
    await writeFile(photo('c'), 'no image');
    const args = ['embed', 'photos', ...DEMO, '-o', 'e.npy', '--mean', '0.5,0.25,0.125'];
    await here([...args, '--fail-fast']);
    await here([...args, '--resume']);
    const manifest = JSON.parse(await readFile(join(folder, 'e.npy.run.json'), 'utf8'));
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const model = join(ROOT, 'assets/demo-model/model.safetensors');
    const sha256Of = async (path: string) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    assert.deepEqual(manifest.command, [...args, '--resume']);
    assert.equal(manifest.folder, await realpath(folder));
    assert.equal(manifest.device, 'cpu');
    assert.deepEqual([manifest.rows, manifest.failures], [5, { unsupported_format: 1 }]);
    assert.deepEqual(manifest.model, { name: 'demo', path: model, sha256: await sha256Of(model) });
    assert.equal(manifest.versions.halonet, version);
    assert.equal(manifest.versions.node, process.versions.node);
    for (const name of ['onnxruntime-node', 'sharp', 'libvips'])
      assert.match(manifest.versions[name], /^\d+\.\d+/);
    assert.deepEqual(manifest.preprocessing, {
      // As timm's data config of the model: input_size, crop_pct, crop_mode, interpolation, mean, std.
      height: 128,
      width: 128,
      cropPct: 1,
      cropMode: 'center',
      interpolation: 'bicubic',
      mean: [0.5, 0.25, 0.125],
      std: [0.229, 0.224, 0.225],
      fill: [128, 64, 32],
      autoOrient: true,
      decode: 'exact',
      maxPixels: 268402689,
      failOn: 'truncated',
    });
    assert.equal(
      manifest.preprocessingSha256,
      createHash('sha256').update(JSON.stringify(manifest.preprocessing)).digest('hex'),
    );
    assert.equal(manifest.fingerprint.device, 'cpu');
    assert.ok(Date.parse(manifest.finished) >= Date.parse(manifest.started) + 1000 * manifest.seconds - 50);
    const named = manifest.outputs.map(({ name }: { name: string }) => name);
    assert.deepEqual(named, ['e.index.csv', 'e.npy']);
    for (const { name, bytes, sha256 } of [...manifest.outputs, manifest.ledger]) {
      assert.equal((await stat(join(folder, name))).size, bytes);
      assert.equal(await sha256Of(join(folder, name)), sha256);
    }
  });

  it('says how to continue a run that replaces an output', async () => {
    const args = ['embed', 'photos', ...DEMO, '-o', 'e.jsonl'];
    assert.equal((await here(args)).code, 0);
    await writeFile(photo('c'), 'no image');
    const { code, stderr } = await here([...args, '--overwrite', '--fail-fast']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\n {2}2 rows are saved; to continue, repeat the command with --resume instead of --overwrite\.\n$/,
    );
    await writeFile(photo('c'), await readFile(photo('b')));
    const resumed = await here([...args, '--resume']);
    assert.equal(resumed.code, 0);
    assert.match(resumed.stderr, /continuing after 2 rows/);
  });

  it('resumes after too many failures', async () => {
    const missing = Array.from({ length: 150 }, (_, i) => `none-${i}.png`).join('\n');
    const args = ['classify', '-', ...DEMO, '-o', 'classes.jsonl'];
    const share = await here([...args, '--max-failures', '99.5%'], missing);
    assert.equal(share.code, 1);
    assert.match(
      share.stderr,
      /^error: stopped by --max-failures 99\.5%: 100 of the first 100 images failed, the latest /,
    );
    assert.match(share.stderr, /99 rows are saved; to continue, repeat the command with --resume\.\n$/);
    const count = await here([...args, '--max-failures', '120', '--resume'], missing);
    assert.equal(count.code, 1);
    assert.match(
      count.stderr,
      /error: stopped by --max-failures 120: 121 of the first 121 images failed, the latest "none-120\.png"/,
    );
    const whole = await here([...args, '--max-failures', '150', '--resume'], missing);
    assert.equal(whole.code, 1);
    assert.match(
      whole.stderr,
      /continuing after 120 rows\n30 images in .*150 failed \(not_found 150\), written to/,
    );
    assert.equal((await readFile(join(folder, 'classes.jsonl'), 'utf8')).trimEnd().split('\n').length, 150);
  });

  it('refuses --resume for a stream, and conflicting flags', async () => {
    const stream = await here(['classify', 'photos', ...DEMO, '--resume']);
    assert.equal(stream.code, 2);
    assert.match(
      stream.stderr,
      /^error: --resume needs an output file: rows written to standard output cannot be read back\n.*--output/,
    );
    assert.equal(stream.stdout, '');
    for (const flags of [
      ['--overwrite', '--resume'],
      ['--overwrite', '--sync'],
      ['--max-failures', '1', '--fail-fast'],
    ]) {
      const { code, stderr } = await here(['classify', 'photos', ...DEMO, '-o', 'a.csv', ...flags]);
      assert.equal(code, 2);
      const [one, other] = flags.filter((flag) => flag.startsWith('--'));
      assert.match(
        stderr,
        new RegExp(
          `^error: ${one} and ${other} exclude each other\n {2}Pass one of them\\. ${one}: .*\\. ${other}: .*\\.\n$`,
        ),
      );
    }
    assert.deepEqual(await readdir(folder), ['photos']);
  });
});
