import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../commands/index.js';
import { OPTIONAL_PACKAGES } from '../../src/images/codecs/optional-package.js';
import { DECODABLE_EXTENSIONS } from '../../src/images/extensions.js';
import { ARCHITECTURES } from '../../src/model/config/architectures/index.js';

// npm's, and of the step that downloads onnxruntime-node's CUDA libraries
const INSTALLING = ['ignore-scripts', 'onnxruntime-node-install'];

const readme = readFileSync('README.md', 'utf8');

describe('README.md', () => {
  it('speaks of every command, and of no other', () => {
    const spoken = [...readme.matchAll(/\bhalonet ([a-z]+) [a-z-]/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(spoken)].sort(), Object.keys(COMMANDS).sort());
  });

  it('speaks of no flag that there is not', () => {
    const flags = Object.values(COMMANDS).flatMap((command) => Object.keys(command.flags ?? {}));
    const known = [...flags, ...flags.map((flag) => `no-${flag}`), 'help', 'global', ...INSTALLING];
    const spoken = [...readme.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name]) => name);
    assert.ok(spoken.length > 20);
    for (const flag of spoken) assert.ok(known.includes(flag ?? ''), `--${flag}`);
  });

  it('lists every architecture and every image format', () => {
    for (const name of Object.keys(ARCHITECTURES)) assert.match(readme, new RegExp(`\\b${name}\\b`));
    const formats = [
      'jpg',
      'png',
      'webp',
      'gif',
      'avif',
      'tif',
      'svg',
      'bmp',
      'ico',
      'cur',
      'pnm',
      'qoi',
      'tga',
    ];
    const stems = [...DECODABLE_EXTENSIONS].map((extension) => extension.slice(1));
    for (const format of formats) assert.ok(stems.includes(format), format);
    const prose = readme.replaceAll(/\s+/g, ' ');
    const sentence = 'SVG, BMP, ICO and CUR, PNM (PBM, PGM and PPM), QOI and TGA are read';
    assert.ok(prose.includes(`JPEG, PNG, WebP, GIF, AVIF, TIFF, ${sentence}`));
    for (const { format } of OPTIONAL_PACKAGES)
      assert.match(prose, new RegExp(`${format}[^.]* need an optional package`));
  });
});
