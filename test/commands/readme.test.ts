import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../commands/index.js';
import { halonet } from '../support/cli.js';

// npm's, and of other programs in examples
const OTHERS = ['ignore-scripts', 'global', 'help'];

const readme = readFileSync('README.md', 'utf8');

describe('README.md', () => {
  it('names no command and no flag that does not exist', () => {
    const named = [...readme.matchAll(/\bhalonet ([a-z]+) [a-z-]/g)].map(([, name = '']) => name);
    assert.ok(named.length > 8);
    for (const name of named) assert.ok(Object.hasOwn(COMMANDS, name), name);
    const flags = Object.values(COMMANDS).flatMap((command) => Object.keys(command.flags ?? {}));
    const known = new Set([...flags, ...flags.map((flag) => `no-${flag}`), ...OTHERS]);
    const spoken = [...readme.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name = '']) => name);
    assert.ok(spoken.length > 15);
    for (const flag of spoken) assert.ok(known.has(flag), `--${flag}`);
  });

  it('shows what its first command prints', async () => {
    const [, line = '', shown = ''] =
      /```sh\nnpm ci && bin\/halonet\.cjs ([^\n]*)\n```\n\n```text\n(.*?)```/s.exec(readme) ?? [];
    const { code, stdout, stderr } = await halonet([...line.split(' '), '--quiet', '--device', 'cpu']);
    assert.equal(code, 0, stderr);
    const [rows = ''] = shown.split('…');
    assert.ok(rows.split('\n').length > 3);
    assert.ok(stdout.startsWith(rows), stdout);
  });
});
