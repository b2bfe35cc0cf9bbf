import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, platform } from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { filesIn } from '../runs/outputs.js';
import { type CliResult, halonet, ROOT, startHalonet } from '../support/cli.js';
import { copyDemo } from '../support/demo-copy.js';
import { withPlan } from '../support/preloaded-cli.js';

const COMMON = ['--device', 'cpu', '--threads', '1'];
const DEMO = ['--model', 'demo', ...COMMON];

describe('reading a list from standard input', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'halonet-lists-')));
    await mkdir(join(folder, 'photos'));
    for (const name of ['a', 'b', 'd', 'e']) await draw(`${name}.png`);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const draw = (name: string) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background: '#a0522d' } }).toFile(
      join(folder, 'photos', name),
    );
  const here = (args: readonly string[], stdin: string | Buffer = ''): Promise<CliResult> =>
    halonet([...args, ...DEMO], { cwd: folder, stdin });
  const outputs = async () => (await readdir(folder)).filter((name) => name !== 'photos');
  const paths = (stdout: string) =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).path);

  /** Runs a shell script in which `"$@"` is the command. */
  async function inShell(script: string, args: readonly string[]): Promise<CliResult> {
    const child = spawn('sh', ['-c', script, 'sh', execPath, `${ROOT}bin/halonet.cjs`, ...args, ...DEMO], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end();
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await closed;
    return { code, stdout, stderr };
  }

  it('refuses a second list, and --null without a list', async () => {
    const twice = await here(['embed', '-', 'photos', '-', '-o', 'x.npy'], 'photos/a.png\n');
    assert.deepEqual(
      [twice.code, twice.stderr],
      [
        2,
        'error: - is given 2 times; standard input can be read once\n' +
          '  Pass it once, where its paths belong among the inputs.\n',
      ],
    );
    const none = await here(['embed', 'photos', '--null', '-o', 'x.npy']);
    assert.equal(none.code, 2);
    assert.match(
      none.stderr,
      /^error: --null is for a list .*\n {2}Pass - as the input: find .* \| halonet classify - --null\n$/,
    );
    assert.deepEqual(await outputs(), []);
  });

  it('refuses UTF-16, and a NUL within a line', async () => {
    const list = 'photos/a.png\r\nphotos/b.png\r\n';
    const wide = await here(['embed', '-', '-o', 'x.npy'], Buffer.from(`\uFEFF${list}`, 'utf16le'));
    assert.equal(wide.code, 2);
    assert.match(wide.stderr, /^error: the list on standard input is UTF-16; expected UTF-8\n {2}.*iconv/);
    const stray = await here(['embed', '-', '-o', 'x.npy'], 'photos/a\n.png\0photos/b.png\0');
    assert.equal(stray.code, 2);
    assert.match(
      stray.stderr,
      /^error: line 2 of the list on standard input contains a NUL.*\n {2}.*pass --null\.\n/,
    );
    assert.equal((await outputs()).includes('x.npy'), false);
  });

  it('accepts newlines in names with --null, even in the first name', async () => {
    await draw('a\n.png');
    const list = 'photos/a\n.png\0photos/b.png\0\0photos/d.png';
    const { code, stdout, stderr } = await here(['classify', '-', '--null', '-f', 'jsonl'], list);
    assert.equal(code, 0, stderr);
    assert.deepEqual(paths(stdout), ['photos/a\n.png', 'photos/b.png', 'photos/d.png']);
  });

  it('writes a failed row for a path that is not UTF-8, or longer than the system allows', async () => {
    const long = `${'x'.repeat(5000)}.png`;
    const list = Buffer.concat([
      Buffer.from('photos/'),
      Buffer.of(0xe9),
      Buffer.from(`.png\n${long}\nphotos/a.png`),
    ]);
    const { code, stdout } = await here(['classify', '-', '-f', 'jsonl', '-k', '1'], list);
    assert.equal(code, 1);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(rows.slice(0, 2), [
      { path: 'photos/\uFFFD.png', error: { code: 'invalid_name', message: 'the path is not valid UTF-8' } },
      {
        path: long,
        error: {
          code: 'invalid_name',
          message: 'the path, or a name in it, is longer than the system allows',
        },
      },
    ]);
    assert.deepEqual([rows.length, rows[2].path, rows[2].error], [3, 'photos/a.png', undefined]);
  });

  // Windows has neither this shell nor these signals.
  if (platform === 'win32') return;

  it('refuses a folder as standard input, before anything is written', async () => {
    for (const more of [[], ['--dry-run']]) {
      const { code, stdout, stderr } = await inShell('exec "$@" < photos', [
        ...['embed', '-', '-o', 'x.npy'],
        ...more,
      ]);
      assert.deepEqual(
        [code, stdout, stderr],
        [
          2,
          '',
          'error: standard input is a folder; expected a list of paths\n  To read the images of a folder, name the folder instead of -.\n',
        ],
      );
    }
    assert.deepEqual(await outputs(), []);
  });

  it('refuses unreadable standard input, and leaves nothing behind', async () => {
    const { code, stderr } = await inShell('exec "$@" 0> log', ['embed', '-', '-o', 'x.npy']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: standard input cannot be read \(.+\); expected a list of paths\n {2}Pipe in a list/,
    );
    assert.deepEqual(await outputs(), ['log']);
  });

  it('treats closed standard input as an empty list', async () => {
    const { code, stdout } = await inShell('exec "$@" <&-', ['classify', '-', '-f', 'jsonl']);
    assert.deepEqual([code, stdout], [0, '']);
  });

  it('stops when the writing program dies, with a row for the partial path as well', async () => {
    const writer = 'printf "photos/a.png\\nphotos/b.png\\nphotos/d.p"; kill -9 $$';
    const { code, stdout } = await inShell(`sh -c '${writer}' | "$@"`, ['classify', '-', '-f', 'jsonl']);
    assert.equal(code, 1);
    assert.deepEqual(paths(stdout), ['photos/a.png', 'photos/b.png', 'photos/d.p']);
    assert.match(stdout, /"photos\/d\.p","error":\{"code":"not_found"/);
  });

  describe('interrupted by a signal', () => {
    const LIST = ['a', 'b', 'd', 'e'].map((name) => `photos/${name}.png\n`);

    /** Sends a run a signal when it inspects the first path of a list that stays open. */
    async function interrupt(
      signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM',
      args: readonly string[],
      list: readonly string[],
    ): Promise<CliResult> {
      const report = `${folder}.report`;
      const kill = { at: 0, when: 'before', signals: [signal] } as const;
      const env = withPlan({ folder: join(folder, 'photos'), report, kill });
      const child = startHalonet([...args, ...DEMO], { cwd: folder, env });
      child.stdin.on('error', () => {}); // the run may have ended
      child.stdin.write(list.join(''));
      const closed = once(child, 'close');
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = await closed;
      await rm(report, { force: true });
      return { code, stdout, stderr };
    }

    const finish = async () => {
      const { code, stderr } = await here(['embed', '-', '-o', 'x.npy'], LIST.join(''));
      assert.equal(code, 0, stderr);
    };
    /** Leaves an interrupted run with two rows. */
    const begin = async () => {
      await writeFile(join(folder, 'photos', 'd.png'), 'no image');
      const stopped = await here(['embed', '-', '-b', '1', '--fail-fast', '-o', 'x.npy'], LIST.join(''));
      assert.match(stopped.stderr, /2 rows are saved; to continue, repeat the command with --resume\./);
    };
    const UNCHANGED = 'no output was changed';
    const KEPT = '2 rows are saved; to continue, repeat the command';

    for (const { what, before, flag, list, signal, code, leaves } of [
      {
        what: 'a finished output',
        before: finish,
        flag: '--sync',
        list: LIST.slice(0, 2),
        signal: 'SIGTERM',
        code: 143,
        leaves: UNCHANGED,
      },
      {
        what: 'a finished output',
        before: finish,
        flag: '--resume',
        list: LIST.slice(0, 2),
        signal: 'SIGINT',
        code: 130,
        leaves: UNCHANGED,
      },
      {
        what: 'a finished output with other inputs',
        before: finish,
        flag: '--sync',
        list: LIST.slice(1),
        signal: 'SIGHUP',
        code: 129,
        leaves: UNCHANGED,
      },
      {
        what: 'an interrupted run',
        before: begin,
        flag: '--resume',
        list: LIST.slice(0, 1),
        signal: 'SIGTERM',
        code: 143,
        leaves: KEPT,
      },
      {
        what: 'an interrupted run with other inputs',
        before: begin,
        flag: '--sync',
        list: LIST.slice(1),
        signal: 'SIGINT',
        code: 130,
        leaves: KEPT,
      },
    ] as const) {
      it(`changes nothing on ${signal} while ${flag} compares the list with ${what}`, async () => {
        await before();
        const files = await filesIn(folder);
        const result = await interrupt(signal, ['embed', '-', '-o', 'x.npy', flag], list);
        assert.deepEqual(
          [result.code, result.stderr],
          [
            code,
            `finishing the current batch; ${signal === 'SIGINT' ? 'press Ctrl-C again to stop' : 'a second signal stops'} at once\n` +
              `interrupted (${signal}): ${leaves}\n`,
          ],
        );
        assert.deepEqual(await filesIn(folder), files);
      });
    }

    it('reports the signal, not too few images, while measuring a model for int8', async () => {
      const model = join(folder, 'photos', 'model');
      await copyDemo(model, { measured: false });
      const args = ['embed', '-', '-m', 'photos/model', ...COMMON, '--precision', 'int8', '-o', 'x.npy'];
      const child = startHalonet(args, { cwd: folder });
      const closed = once(child, 'close');
      child.stdout.resume();
      child.stdin.write(LIST.join(''));
      const said: string[] = [];
      for await (const line of createInterface(child.stderr)) {
        said.push(line);
        if (line.startsWith('int8: reading paths')) child.kill('SIGTERM');
      }
      assert.deepEqual((await closed)[0], 143);
      assert.deepEqual(said.slice(-1), [`interrupted (SIGTERM): ${UNCHANGED}`]);
      assert.deepEqual(await outputs(), []);
    });

    it('prints no plan for an interrupted dry run', async () => {
      const { code, stdout, stderr } = await interrupt(
        'SIGTERM',
        ['embed', 'photos', '-', '--dry-run'],
        LIST,
      );
      assert.equal(code, 143, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /interrupted \(SIGTERM\): nothing was written\n$/);
    });
  });
});
