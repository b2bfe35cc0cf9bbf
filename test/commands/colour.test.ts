import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { isColoured, withoutColourFlag } from '../../commands/report/colour.js';
import { factsText, table } from '../../commands/report/table.js';
import { terminalWidth, textWidth } from '../../commands/report/terminal-width.js';
import { halonet } from '../support/cli.js';

const TTY = { isTTY: true };
const FILE = {};

const ESCAPE = '\u001b[';
const ERROR = '\u001b[31m\u001b[1merror:\u001b[22m\u001b[39m ';

/** The environment that makes a command treat its streams as a terminal. */
function onTerminal(columns = 80): Record<string, string> {
  const terminal = `{ isTTY: true, columns: ${columns}, getWindowSize: () => [${columns}, 24] }`;
  const script = `for (const one of [process.stdout, process.stderr]) Object.assign(one, ${terminal})`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

describe('colours', () => {
  const coloured = (stream: typeof TTY | typeof FILE, env: Record<string, string>, argv: string[] = []) =>
    isColoured(stream, { env, argv });

  it('appear on terminals only, and not on dumb ones', () => {
    assert.equal(coloured(TTY, {}), true);
    assert.equal(coloured(FILE, {}), false);
    assert.equal(coloured(TTY, { TERM: 'dumb' }), false);
  });

  it('stay off with NO_COLOR, unless it is empty', () => {
    assert.equal(coloured(TTY, { NO_COLOR: '1' }), false);
    assert.equal(coloured(TTY, { NO_COLOR: '0' }), false);
    assert.equal(coloured(TTY, { NO_COLOR: '' }), true);
  });

  it('appear everywhere with FORCE_COLOR, unless it is empty or 0', () => {
    assert.equal(coloured(FILE, { FORCE_COLOR: '1' }), true);
    assert.equal(coloured(FILE, { FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' }), true);
    assert.equal(coloured(FILE, { FORCE_COLOR: '' }), false);
    assert.equal(coloured(TTY, { FORCE_COLOR: '' }), true);
    assert.equal(coloured(TTY, { FORCE_COLOR: '0' }), false);
  });

  it('stay off with --no-color, whatever the environment', () => {
    assert.equal(coloured(TTY, { FORCE_COLOR: '1' }, ['classify', '--no-color']), false);
    assert.equal(coloured(TTY, {}, ['classify', '--', '--no-color']), true);
    assert.deepEqual(withoutColourFlag(['--no-color', 'classify', 'a', '--no-color', '--', '--no-color']), [
      'classify',
      'a',
      '--',
      '--no-color',
    ]);
  });
});

describe('coloured output', () => {
  const UNKNOWN = ['inspect', 'no\u001b[31m'];

  it('prints "error:" in red, and the rest of the message plain', async () => {
    for (const env of [onTerminal(), { FORCE_COLOR: '1' }]) {
      const { stderr } = await halonet(UNKNOWN, { env });
      assert.ok(stderr.startsWith(ERROR), JSON.stringify(stderr));
      const rest = stderr.slice(ERROR.length);
      assert.ok(!rest.includes(ESCAPE), JSON.stringify(stderr));
      assert.match(rest, /\\(x|u00)1b\[31m/);
    }
    const { stderr } = await halonet(['classfy'], { env: onTerminal() });
    assert.ok(stderr.startsWith(`${ERROR}there is no command`), JSON.stringify(stderr));
  });

  it('prints the headings of help in bold, and nothing else', async () => {
    const plain = await halonet(['classify', '--help']);
    const { stdout } = await halonet(['classify', '--help'], { env: onTerminal() });
    assert.equal(stripVTControlCharacters(stdout), plain.stdout);
    const bold = stdout.split('\n').filter((line) => line.includes(ESCAPE));
    assert.ok(bold.length >= 5);
    for (const line of bold) assert.match(stripVTControlCharacters(line), /^[A-Z]{4,}/);
  });

  it('colours nothing with --no-color, with NO_COLOR, or without a terminal', async () => {
    const cases: readonly (readonly [readonly string[], Record<string, string>])[] = [
      [['--no-color'], onTerminal()],
      [[], { ...onTerminal(), NO_COLOR: '1' }],
      [[], {}],
    ];
    for (const [flags, env] of cases) {
      for (const args of [UNKNOWN, ['--help'], ['classify', '--help-all']]) {
        for (const line of flags.length > 0
          ? [
              [...args, ...flags],
              [...flags, ...args],
            ]
          : [args]) {
          const { stdout, stderr } = await halonet(line, { env });
          assert.match(stdout || stderr, args === UNKNOWN ? /^error: .*no\\/ : /EXAMPLES/);
          assert.ok(!`${stdout}${stderr}`.includes(ESCAPE), line.join(' '));
        }
      }
    }
  });
});

describe('--no-color', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-colour-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('works before or after the name of a command, and is not recorded in a run', async () => {
    const output = join(folder, 'x.npy');
    const embed = [
      'embed',
      'fixtures/images/shapes/heart.png',
      '-m',
      'demo',
      '--device',
      'cpu',
      '-o',
      output,
    ];
    const commands = [embed, ['retry', output], ['verify', output], ['models', 'halo'], ['inspect', 'demo']];
    for (const [i, args] of commands.entries()) {
      const given = i % 2 === 0 ? ['--no-color', ...args] : [...args, '--no-color'];
      const { code, stderr } = await halonet(given);
      assert.equal(code, 0, stderr);
    }
    const { command } = JSON.parse(await readFile(`${output}.run.json`, 'utf8'));
    assert.deepEqual(command, embed);
  });

  it('is suggested for a misspelling', async () => {
    const { stderr } = await halonet(['models', '--no-colour']);
    assert.match(stderr, /there is no flag --no-colour; did you mean --no-color\?/);
  });
});

describe('the width of a terminal', () => {
  it('comes from COLUMNS or the terminal, and is undefined without a terminal', () => {
    const terminal = { isTTY: true, columns: 120 };
    assert.equal(terminalWidth(terminal, {}), 120);
    assert.equal(terminalWidth(terminal, { COLUMNS: '60' }), 60);
    assert.equal(terminalWidth(terminal, { COLUMNS: 'wide' }), 120);
    assert.equal(terminalWidth(terminal, { COLUMNS: '2' }), 40);
    assert.equal(terminalWidth({ isTTY: true, columns: 0 }, {}), 80);
    assert.equal(terminalWidth({}, { COLUMNS: '60' }), undefined);
    assert.deepEqual(
      [textWidth({}, {}), textWidth({}, { COLUMNS: '60' }), textWidth(terminal, {})],
      [80, 60, 120],
    );
  });

  it('limits tables and facts: text wraps, and spare columns are left out', () => {
    const rows = [{ name: 'a'.repeat(10), note: 'some words that take more room than there is' }];
    const name = { title: 'name', cell: (row: (typeof rows)[0]) => row.name };
    const note = { title: 'note', cell: (row: (typeof rows)[0]) => row.note };
    assert.equal(
      table(rows, [name, note], 40),
      ['name        note', 'aaaaaaaaaa  some words that take more', '            room than there is'].join(
        '\n',
      ),
    );
    assert.deepEqual(table(rows, [name, note]).split('\n').length, 2);
    assert.equal(
      table(rows, [name, { ...name, title: 'spare', spare: true }, { ...name, title: 'last' }], 30),
      [
        'name        last',
        'aaaaaaaaaa  aaaaaaaaaa',
        '',
        'not shown, since the terminal is too narrow: spare',
      ].join('\n'),
    );
    assert.equal(factsText([['x', 'one two three four five six']], 24), 'x  one two three four\n   five six');
  });

  it('limits what commands print on a terminal, but not into a pipe', async () => {
    const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));
    for (const args of [['models'], ['inspect', 'demo', '--graph'], ['inspect', 'demo'], ['--help']]) {
      const { stdout } = await halonet(args, { env: onTerminal(90) });
      assert.ok(widest(stdout) <= 90, `${args.join(' ')}: ${widest(stdout)}`);
    }
    const { stdout } = await halonet(['models'], { env: { COLUMNS: '50' } });
    assert.match(stdout, /^model .* licence/);
  });
});
