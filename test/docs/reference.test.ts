import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMANDS } from '../../commands/index.js';
import { ROOT } from '../support/root.js';
import { REFERENCE, reference } from './reference.js';

describe(REFERENCE, () => {
  it('matches the metadata of the commands', async () => {
    assert.equal(
      await readFile(join(ROOT, REFERENCE), 'utf8'),
      await reference(),
      'write it again: node dist/test/docs/make-reference.js',
    );
  });

  it('lists every command and all its flags', async () => {
    const sections = (await reference()).split('\n## ').slice(1);
    assert.equal(sections.length, Object.keys(COMMANDS).length);
    for (const [i, [name, { flags }]] of Object.entries(COMMANDS).entries()) {
      const section = sections[i] ?? '';
      assert.ok(section.startsWith(`halonet ${name}\n`));
      for (const flag of [...Object.keys(flags ?? {}), 'no-color', 'help', 'help-all'])
        assert.match(section, new RegExp(`^\\| .*\`--(\\[no-\\])?${flag}\` \\|`, 'm'));
    }
  });
});
