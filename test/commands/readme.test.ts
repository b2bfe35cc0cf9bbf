import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { shownAs } from '../docs/shown-as.js';
import { halonet } from '../support/cli.js';

const readme = readFileSync('README.md', 'utf8');

describe('README.md', () => {
  it('shows what its first command prints', async () => {
    const [, line = '', shown = ''] =
      /```sh\nnpm ci && bin\/halonet\.cjs ([^\n]*)\n```\n\n```text\n(.*?)```/s.exec(readme) ?? [];
    const { code, stdout, stderr } = await halonet([...line.split(' '), '--quiet', '--device', 'cpu']);
    assert.equal(code, 0, stderr);
    const [rows = ''] = shown.split('…');
    assert.ok(rows.split('\n').length > 3);
    const lines = shownAs(rows); // CPUs round scores differently
    assert.deepEqual(shownAs(stdout).slice(0, lines.length), lines);
  });
});
