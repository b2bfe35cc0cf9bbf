import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readFloats } from '../support/read-npy.js';

// Inspects and uses halonet as installed in a project and as a global command.

const [project = '', global = ''] = process.argv.slice(2);
const installed = join(project, 'node_modules', 'halonet');

/** Runs a command in the project, which must exit with code 0, and returns its standard output. */
function output(command: string, args: readonly string[]): string {
  const env = { ...process.env, HF_HOME: join(project, 'hub') };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: project, env, encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

const halonet = (...args: readonly string[]) => output('npx', ['--no-install', 'halonet', ...args]);

function checkFiles(): void {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  const readme = readFileSync(join(installed, 'README.md'), 'utf8');
  const linked = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path ?? '');
  assert.ok(linked.length > 0);
  for (const path of [...linked, 'LICENSE', 'CHANGELOG.md']) assert.ok(files.includes(path), path);
  const surplus = files.filter((path) => /\.map$|\.ts$|^dist.test/.test(path));
  assert.deepEqual(surplus, []);
}

function checkClassify(): void {
  const printed = halonet('classify', 'photos', '--model', 'demo', '--top-k', '1', '--format', 'jsonl');
  const rows = printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(rows.length, 16);
  for (const { path, predictions } of rows)
    assert.equal(predictions[0].label, basename(path, extname(path)), path);
}

async function checkEmbed(): Promise<void> {
  halonet('embed', 'photos', '--model', 'demo', '--output', 'photos.npy');
  const { shape, data } = await readFloats(join(project, 'photos.npy'));
  assert.deepEqual(shape, [16, 512]);
  assert.ok([...data].every(Number.isFinite));
  assert.match(halonet('verify', 'photos.npy'), /^intact/);
}

function checkReports(): void {
  assert.match(halonet('inspect', 'demo'), /^architecture +halonet_demo$/m);
  assert.equal(JSON.parse(halonet('inspect', 'halonet50ts', '--json')).features, 2048);
  const { devices, images } = JSON.parse(halonet('doctor', '--json'));
  assert.equal(devices[0].name, 'cpu');
  assert.equal(devices[0].status, 'works');
  assert.deepEqual(images.failing, []);
}

/** Checks that halonet reads the formats of optional packages once they are installed as it suggests. */
function checkOptional(): void {
  const hints = JSON.parse(halonet('doctor', '--json')).images.missing.map(
    ({ hint }: { hint: string }) => hint,
  );
  assert.equal(hints.length, 2);
  for (const hint of hints) {
    const [, args = ''] = /npm (install \S+) installs it/.exec(hint) ?? assert.fail(hint);
    output('npm', args.split(' '));
  }
  const labels = halonet('classify', 'photo.heic', 'rgb.jp2', '--model', 'demo', '--format', 'jsonl');
  assert.equal(labels.match(/"predictions"/g)?.length, 2, labels);
}

function checkGlobal(): void {
  const name = process.platform === 'win32' ? 'halonet.cmd' : join('bin', 'halonet');
  const command = join(global, name);
  assert.ok(existsSync(command), command);
  assert.equal(output(command, ['--version']), halonet('--version'));
  assert.match(output(command, ['classify', join('photos', 'shapes'), '--model', 'demo']), /,ring,/);
}

checkFiles();
checkClassify();
await checkEmbed();
checkReports();
checkOptional();
checkGlobal();
console.log('the packed halonet installs and runs');
