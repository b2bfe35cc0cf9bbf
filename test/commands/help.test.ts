import assert from 'node:assert/strict';
import { COMMANDS } from '../../commands/index.js';
import { type CommandFacts, firstPage, fullPage, type Page } from '../../commands/report/help-text.js';
import { commandFacts } from '../../commands/support/command-facts.js';
import { halonet } from '../support/cli.js';

const PAGE: Page = { width: 80, heading: (text) => text };
const LINES = 48; // on a screen of 50, with space for a prompt

function assertFits(page: string): void {
  const lines = page.split('\n');
  assert.ok(lines.length <= LINES, `${lines.length} lines:\n${page}`);
  for (const line of lines) assert.ok(line.length <= PAGE.width, line);
}

/** Asserts that these headings are on a page, in this order. */
function assertOrder(page: string, ...headings: readonly string[]): void {
  const found = page.split('\n').flatMap((line) => headings.filter((heading) => line.startsWith(heading)));
  assert.deepEqual(found, headings, page);
}

for (const [name, command] of Object.entries(COMMANDS)) {
  describe(`halonet ${name} --help`, () => {
    let facts: CommandFacts;
    before(async () => {
      facts = await commandFacts(name, command);
    });

    it('fits on one screen, examples first', () => {
      const page = firstPage(facts, PAGE);
      assertFits(page);
      const flags = facts.flags.some(({ common }) => common) ? ['FLAGS'] : [];
      const args = facts.args.length > 0 ? ['ARGUMENTS'] : [];
      assertOrder(page, 'USAGE', 'EXAMPLES', ...args, ...flags, 'MORE FLAGS', 'EXIT CODES');
      assert.match(page, new RegExp(`^ {2}halonet ${name}( .*)? \\[flags\\]$`, 'm'));
    });

    it('describes the common flags, and names all others', () => {
      const [shown = '', named = ''] = firstPage(facts, PAGE).split('MORE FLAGS');
      for (const { label, common } of facts.flags)
        assert.ok((common ? shown.split('FLAGS')[1] : named)?.includes(label), label);
    });

    it('describes every flag in full with --help-all, examples first', async () => {
      const page = fullPage(facts, PAGE);
      for (const line of page.split('\n')) assert.ok(line.length <= PAGE.width, line);
      assertOrder(page, 'USAGE', 'EXAMPLES', 'DESCRIPTION', 'GENERAL', 'EXIT CODES');
      const text = page.replace(/\s+/g, ' ');
      for (const flag of Object.keys(command.flags ?? {}))
        assert.match(page, new RegExp(`--(\\[no-\\])?${flag}\\b`));
      for (const { label, description } of facts.flags)
        assert.ok(page.includes(label) && text.includes(description), label);
      for (const { purpose, name } of facts.groups)
        assert.ok(text.includes(`${name.toUpperCase()}: ${purpose}`), name);
    });

    it('prints the same pages for every way to ask for help', async () => {
      const first = `${firstPage(facts, PAGE)}\n`;
      for (const args of [
        [name, '--help'],
        [name, '-h'],
        ['help', name],
        [name, '--help', '--no-color'],
      ])
        assert.deepEqual(await halonet(args), { code: 0, stdout: first, stderr: '' }, args.join(' '));
      const full = `${fullPage(facts, PAGE)}\n`;
      for (const args of [
        [name, '--help-all'],
        ['help', name, '--help-all'],
      ])
        assert.deepEqual(await halonet(args), { code: 0, stdout: full, stderr: '' }, args.join(' '));
    });
  });
}

describe('halonet --help', () => {
  it('fits on one screen: examples for first use, then commands in order of use', async () => {
    const { code, stdout } = await halonet(['--help']);
    assert.equal(code, 0);
    assertFits(stdout);
    assertOrder(stdout, 'USAGE', 'EXAMPLES', 'COMMANDS', 'READ MORE');
    assert.match(stdout, /^ {2}halonet --version {2,}Version/m);
    const commands = [...(stdout.split('COMMANDS')[1] ?? '').matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)];
    assert.deepEqual(
      commands.map(([, name]) => name),
      [
        'classify',
        'embed',
        'features',
        'run',
        'retry',
        'verify',
        'models',
        'inspect',
        'convert',
        'doctor',
        'benchmark',
      ],
    );
    for (const args of [[], ['help'], ['-h'], ['--help-all']])
      assert.equal((await halonet(args)).stdout, stdout, args.join(' '));
  });

  it('suggests a command for a misspelled one', async () => {
    const { code, stderr } = await halonet(['help', 'classfy']);
    assert.equal(code, 2);
    assert.match(stderr, /^error: there is no command "classfy"; did you mean classify\?\n {2}Commands: /);
  });
});

describe('help', () => {
  const LISTED = 'LIBRARIES';

  /** The native libraries that a command has loaded when it exits. */
  async function librariesOf(args: readonly string[]): Promise<string> {
    const script = `process.on('exit', () => console.error('${LISTED}', String(process.report.getReport().sharedObjects)))`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
    const { code, stderr } = await halonet(args, { env });
    assert.equal(code, 0);
    return stderr.split(LISTED)[1] ?? assert.fail(stderr);
  }

  it('loads neither sharp nor ONNX Runtime', async () => {
    const native = /libvips|sharp|onnxruntime/;
    assert.match(await librariesOf(['doctor']), native);
    for (const args of [['--help'], ['classify', '--help'], ['benchmark', '--help-all']])
      assert.doesNotMatch(await librariesOf(args), native);
  });
});

describe('flags in help', () => {
  const pagesOf = async (name: keyof typeof COMMANDS) => {
    const facts = await commandFacts(name, COMMANDS[name]);
    return [firstPage, fullPage].map((page) => page(facts, PAGE).replace(/\s+/g, ' '));
  };

  it('have one default, for retry that of the run', async () => {
    const [first = '', full = ''] = await pagesOf('retry');
    for (const page of [first, full])
      assert.doesNotMatch(page, /by default|\(default\)|automatically|\[default: (?!as in the run|on\])/);
    assert.match(full, /--batch-size N Images per batch \[default: as in the run\]/);
    assert.match((await pagesOf('embed'))[1] ?? '', /Images per batch \[default: tuned automatically\]/);
  });

  it('describe the outputs of the command', async () => {
    for (const name of ['classify', 'embed'] as const) {
      const [first = '', full = ''] = await pagesOf(name);
      assert.match(first, /--output PATH Output file; standard output by default -f/);
      assert.match(full, /--output PATH Output file; - is standard output\. .* \[default: -\] -f/);
      assert.match(
        full,
        /--format FORMAT csv, jsonl, npy or parquet; by default from .*, otherwise csv --csv-safe/,
      );
    }
    const [, features = ''] = await pagesOf('features');
    assert.match(features, /--output PATH Output folder for NPY, or file for other formats;/);
    assert.match(features, /, otherwise npy, or jsonl on standard output --csv-safe/);
  });

  it('list the choices that their text does not name', async () => {
    const [, full = ''] = await pagesOf('classify');
    assert.match(full, /Resampling filter \(bicubic, bilinear\)/);
    assert.match(full, /border resizes the longer side and pads --interpolation/);
  });

  it('have the letter q for --quiet', async () => {
    for (const [name, { flags = {} }] of Object.entries(COMMANDS))
      if ('quiet' in flags) assert.equal((flags.quiet as { readonly char?: string }).char, 'q', name);
    const args = ['classify', 'fixtures/images/shapes/heart.png', '-m', 'demo', '--device', 'cpu'];
    assert.match((await halonet(args)).stderr, /^1 image in /m);
    assert.equal((await halonet([...args, '-q'])).stderr, '');
  });
});

describe('the width of help', () => {
  it('follows the terminal up to 100 columns, and never breaks commands', async () => {
    const facts = await commandFacts('classify', COMMANDS.classify);
    const commands = facts.examples.map(({ command }) => command);
    const lines = firstPage(facts, { ...PAGE, width: 50 }).split('\n');
    for (const line of lines) assert.ok(line.length <= 50 || commands.includes(line.trim()), line);
    for (const command of commands) assert.ok(lines.some((line) => line.trim() === command));
    const wide = fullPage(facts, { ...PAGE, width: 300 }).split('\n');
    assert.ok(Math.max(...wide.map((line) => line.length)) <= 100);
  });
});
