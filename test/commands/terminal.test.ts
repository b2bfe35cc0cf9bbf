import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WriteStream } from 'node:tty';
import { displayOf } from '../../commands/report/choose-reporter.js';
import { Downloads } from '../../commands/report/downloads.js';
import { escapeControls, escapeControlsInLines, escapedJson } from '../../commands/report/escape-controls.js';
import { StandardError } from '../../commands/report/standard-error.js';
import { factsText, table } from '../../commands/report/table.js';
import { call, global, pickle } from '../formats/pytorch/pickles.js';
import { makeArchive } from '../formats/pytorch/support.js';
import { startHubServer } from '../hub/hub-server.js';
import { halonet } from '../support/cli.js';
import { copyDemo } from '../support/demo-copy.js';

const DRAWING = 'fixtures/images/shapes/ring.svg';

const ESCAPE = '\u001b]0;title\u0007\u001b[2J\u009b31m\u202e';
const SHOWN = String.raw`\x1b]0;title\x07\x1b[2J\x9b31m\u202e`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('text for a terminal', () => {
  it('escapes control and bidi characters, and leaves all else unchanged', () => {
    assert.equal(escapeControls(`a${ESCAPE}b\r\n\tc`), String.raw`a${SHOWN}b\r\n\tc`);
    assert.equal(escapeControls('\u2066a\u2069\u200f\u2028'), String.raw`\u2066a\u2069\u200f\u2028`);
    const harmless = 'naïve 日本 🐈 é \\x1b 64×64 «»';
    assert.equal(escapeControls(harmless), harmless);
    assert.equal(escapeControls(escapeControls(ESCAPE)), escapeControls(ESCAPE));
  });

  it('keeps our own line breaks', () => {
    assert.equal(escapeControlsInLines(`a\nb${ESCAPE}\n`), `a\nb${SHOWN}\n`);
  });

  it('parses to the same value as JSON', () => {
    const value = { name: `a${ESCAPE}\n`, nested: ['\u009b'] };
    assert.doesNotMatch(escapedJson(value), RAW);
    assert.deepEqual(JSON.parse(escapedJson(value)), value);
  });

  it('keeps a table cell in its line and column', () => {
    const column = { title: 'name', cell: (name: string) => name };
    const columns = [column, { ...column, align: 'right' as const }];
    assert.equal(
      table(['a\nb\u001b', 'c'], columns),
      ['name          name', String.raw`a\nb\x1b  a\nb\x1b`, 'c                c'].join('\n'),
    );
    assert.equal(factsText([['model', 'x\nfake  y']]), String.raw`model  x\nfake  y`);
  });
});

/** A terminal that records what is written to it, and shows its lines without what was erased. */
function terminal(columns = 80) {
  let written = '';
  const write = (text: string) => {
    written += text;
    return true;
  };
  const stream = { isTTY: true, columns, write };
  return {
    stream: stream as unknown as WriteStream,
    written: () => written,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: erases the line
    lines: () => written.split('\n').map((line) => line.replace(/^.*\r\u001b\[K/s, '')),
  };
}

describe('standard error', () => {
  it('erases the drawn line before it writes another', () => {
    const screen = terminal();
    const standardError = new StandardError(screen.stream);
    displayOf(standardError, false).show(() => 'loading demo');
    standardError.print('device: cpu');
    assert.deepEqual(screen.lines(), ['device: cpu', '']);
    standardError.draw('16 images');
    standardError.draw('17 images');
    assert.deepEqual(screen.lines(), ['device: cpu', '17 images']);
    standardError.clear();
    assert.deepEqual(screen.lines(), ['device: cpu', '']);
  });

  it('truncates what it draws to the width, and draws no control characters', () => {
    const screen = terminal(10);
    const standardError = new StandardError(screen.stream);
    standardError.draw(`downloading ${ESCAPE}`);
    assert.deepEqual(screen.lines(), ['downloadi']);
    standardError.draw(ESCAPE);
    standardError.print(`x${ESCAPE}`);
    assert.deepEqual(screen.lines(), [`x${SHOWN}`, '']);
    standardError.printFailure({ message: `y${ESCAPE}`, hint: undefined }, 2);
    assert.ok(screen.lines().at(-2)?.endsWith(` y${SHOWN}`));
  });

  it('draws nothing when it is not a terminal', () => {
    const screen = terminal();
    const standardError = new StandardError(Object.assign(screen.stream, { isTTY: false }));
    const display = displayOf(standardError, false);
    display.show(() => 'loading demo');
    const downloads = new Downloads(standardError, display, false);
    downloads.report({ file: `model${ESCAPE}`, received: 0, total: 1e6 });
    display.clear();
    assert.equal(screen.written(), `downloading model${SHOWN} (1.0 MB)\n`);
  });
});

describe('escaping untrusted text', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halonet-terminal-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** What a command prints, which must contain no raw control characters. */
  async function printed(args: readonly string[], env = {}): Promise<string> {
    const { stdout, stderr } = await halonet(args, { env });
    assert.doesNotMatch(stdout + stderr, RAW, args.join(' '));
    return stdout + stderr;
  }

  /** Copies the demo model with a changed config.json; returns the path of the folder. */
  async function modelWith(name: string, change: (config: Record<string, unknown>) => void): Promise<string> {
    const path = join(folder, name);
    await copyDemo(path, { measured: true });
    const file = join(path, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8'));
    change(config);
    await writeFile(file, JSON.stringify(config));
    return path;
  }

  it('covers the fields of a config.json', async () => {
    const architecture = await modelWith('architecture', (config) => {
      config.architecture = `net${ESCAPE}\nweights`;
    });
    for (const flags of [[], ['--json'], ['--graph']]) await printed(['inspect', architecture, ...flags]);
    assert.match(
      await printed(['inspect', architecture]),
      /^architecture +net\\x1b\]0;.*\\u202e\\nweights$/m,
    );
    const field = await modelWith('field', (config) => {
      Object.assign(config.model_cfg as object, { [`field${ESCAPE}`]: 1 });
    });
    assert.match(await printed(['inspect', field]), /^error: .*unknown field.*field.*\\x9b31m\\u202e/);
  });

  it('covers the names of files, models, commands and flags', async () => {
    for (const args of [['verify'], ['inspect'], ['classify', 'fixtures/images', '--model']])
      assert.match(await printed([...args, `./none${ESCAPE}`]), /^error: .*none\\(x|u00)1b\]0;title/);
    assert.match(await printed([`no${ESCAPE}`]), /^error: there is no command/);
    assert.match(await printed(['inspect', 'demo', `--no${ESCAPE}`]), /^error: there is no flag --no\\x1b/);
    assert.match(
      await printed(['inspect', 'demo', `more${ESCAPE}`]),
      /^error: unexpected argument: more\\x1b/,
    );
  });

  it('covers the name of an output', async () => {
    const output = join(folder, `out${ESCAPE}.csv`);
    await printed(['classify', DRAWING, '--model', 'demo', '--device', 'cpu', '--output', output]);
    assert.match(await printed(['verify', output]), /^intact {3}.*out\\x1b\]0;/);
  });

  it('covers the names in a pickle', async () => {
    const file = join(folder, 'weights.pth');
    await writeFile(file, makeArchive(pickle(call(global(`posix${ESCAPE}`, 'system')))));
    assert.match(
      await printed(['inspect', file, '--architecture', 'halonet26t']),
      /asks for "posix\S+system"/,
    );
  });

  it('covers the messages of a hub', async () => {
    const headers = { 'x-error-message': 'gone \u009b2J' };
    const hub = await startHubServer({ repos: {}, fault: () => ({ kind: 'status', status: 403, headers }) });
    try {
      const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(folder, 'hub') };
      const said = await printed(['classify', 'fixtures/images', '--model', 'halonet26t'], env);
      assert.match(said, /HTTP 403: gone \\x9b2J/);
    } finally {
      await hub.close();
    }
  });
});
