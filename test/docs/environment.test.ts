import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentInEffect } from '../../src/doctor/environment.js';
import { hubSettingsFromEnv } from '../../src/hub/settings.js';
import { ROOT } from '../support/root.js';

// Files that read variables by a computed name: calling their functions shows which, and a pattern finds those of
// bin/halonet.cjs.
const BY_NAME = [
  'bin/halonet.cjs',
  'src/doctor/environment.ts',
  'src/http/proxies.ts',
  'src/hub/settings.ts',
];

const SOURCES = ['bin', 'commands', 'src'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|cjs)$/.test(name))
    .map((name) => `${folder}/${name}`),
);

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The variables that a function reads from its environment. */
function readBy(use: (env: Readonly<Record<string, string | undefined>>) => unknown): readonly string[] {
  const names = new Set<string>();
  const note = (_: object, name: string) => void names.add(name);
  use(new Proxy({}, { get: note }));
  return [...names];
}

describe('docs/environment.md', () => {
  const page = readFileSync(join(ROOT, 'docs/environment.md'), 'utf8');
  const listed = [...page.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''),
  );

  it('lists every variable that the code reads', () => {
    const written = SOURCES.flatMap((path) =>
      [...read(path).matchAll(/\benv\.([A-Za-z]*_[A-Za-z_]*|HOME)\b|^ {2}([A-Z]+_[A-Z_]+): /gm)].map(
        ([, used, set]) => used ?? set ?? '',
      ),
    );
    assert.ok(written.includes('ORT_DISABLE_TELEMETRY') && written.includes('LD_LIBRARY_PATH'));
    const looked = [
      ...readBy((env) => hubSettingsFromEnv(env, '/home/somebody')),
      ...readBy(environmentInEffect),
    ];
    assert.ok(looked.includes('https_proxy') && looked.includes('NODE_EXTRA_CA_CERTS'));
    for (const name of [...written, ...looked]) assert.ok(listed.includes(name), name);
  });

  it('accounts for every file that reads variables by a computed name', () => {
    const places = SOURCES.filter((path) => /\benv\[/.test(read(path)));
    assert.deepEqual(places.sort(), BY_NAME);
  });
});
