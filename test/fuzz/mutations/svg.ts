import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '../../../src/random.js';
import { below, pick } from '../chance.js';
import type { Mutation } from '../mutation.js';

const MAGIC = 0x1f; // of gzip
const NUMBERS = [
  '0',
  '-1',
  '1e9',
  '-1e9',
  '1e308',
  '1e-308',
  'NaN',
  '65535',
  '99999999999',
  '0.0000001',
  '100%',
  '1000em',
  '',
];

// Attacks: entities that grow, references to other files or to themselves, filters and patterns over large areas,
// endless nesting.
const INSIDE = [
  '<image href="file:///etc/passwd" width="9" height="9"/>',
  '<image href="file:///dev/zero" width="9" height="9"/>',
  '<image href="http://127.0.0.1:9/a.png" width="9" height="9"/>',
  '<image href="data:image/png;base64,iVBORw0KGgo=" width="1e6" height="1e6"/>',
  '<image href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E" width="9" height="9"/>',
  '<use href="#x" id="x"/>',
  '<g id="a"><use href="#b"/><use href="#b"/></g><g id="b"><use href="#a"/><use href="#a"/></g>',
  '<pattern id="p" width="1e-9" height="1e-9"><rect fill="url(#p)" width="9" height="9"/></pattern><rect fill="url(#p)" width="1e9" height="1e9"/>',
  '<filter id="f" x="-9e9" y="-9e9" width="9e9" height="9e9"><feGaussianBlur stdDeviation="1e9"/><feTurbulence numOctaves="99999" baseFrequency="1e9"/></filter><rect filter="url(#f)" width="99" height="99"/>',
  '<filter id="m"><feMorphology operator="dilate" radius="99999"/><feConvolveMatrix order="999" kernelMatrix="1"/></filter><rect filter="url(#m)" width="99" height="99"/>',
  '<path stroke="red" stroke-width="1e-6" stroke-dasharray="1e-9 1e-9" d="M0 0L1e9 1e9"/>',
  '<text font-size="1e9">a</text>',
  '<style>@import url("file:///etc/passwd"); * { fill: url(#x) }</style>',
  '<script>for (;;) {}</script>',
  '<foreignObject><iframe src="file:///etc/passwd"/></foreignObject>',
  '<animate attributeName="x" dur="1e-9" repeatCount="indefinite"/>',
  '<mask id="k"><rect mask="url(#k)" width="9" height="9"/></mask><rect mask="url(#k)" width="9" height="9"/>',
];

const LAUGHS = Array.from({ length: 12 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('');
const BEFORE = [
  `<!DOCTYPE svg [<!ENTITY e0 "ha">${LAUGHS}]>`,
  '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
  '<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/svg.dtd">',
  '<?xml version="1.0" encoding="UTF-16"?>',
  '<?xml version="9.9" encoding="no-such-encoding"?>',
  '<?xml-stylesheet href="file:///etc/passwd"?>',
  '<!-- '.repeat(50),
  '\ufeff',
];

/** Changes the text, which is gzipped in an svgz. */
function onText(name: string, change: (text: string, random: Random) => string): Mutation {
  return {
    name,
    apply: (bytes, random) => {
      if (bytes[0] !== MAGIC) return Buffer.from(change(bytes.toString(), random));
      try {
        return gzipSync(change(gunzipSync(bytes).toString(), random));
      } catch {
        return undefined; // damaged by another mutation
      }
    },
  };
}

/** Replaces one match of a global pattern. */
function replaceOne(text: string, pattern: RegExp, random: Random, by: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { 0: match, index } = pick(random, matches);
  return text.slice(0, index) + by(match) + text.slice(index + match.length);
}

const insideRoot = (text: string, inside: string) => text.replace(/(<svg[^>]*>)/, (root) => root + inside);

export const SVG: readonly Mutation[] = [
  onText('number', (text, random) => replaceOne(text, /-?\d+(\.\d+)?/g, random, () => pick(random, NUMBERS))),
  onText('sides', (text, random) =>
    replaceOne(
      text,
      /\b(width|height)="[^"]*"/g,
      random,
      (match) =>
        `${match.slice(0, match.indexOf('"'))}"${pick(random, [...NUMBERS, '16000', '30000', '100000'])}"`,
    ),
  ),
  onText('viewbox', (text, random) =>
    text.replace('<svg', () => `<svg viewBox="${[1, 2, 3, 4].map(() => pick(random, NUMBERS)).join(' ')}"`),
  ),
  onText('inside', (text, random) => insideRoot(text, pick(random, INSIDE))),
  onText(
    'before',
    (text, random) => pick(random, BEFORE) + text.replace('</svg>', () => '<text>&e12;&x;</text></svg>'),
  ),
  onText('nested', (text, random) => {
    const depth = pick(random, [100, 1000, 30_000]);
    return insideRoot(text, '<g>'.repeat(depth) + (random() < 0.5 ? '</g>'.repeat(depth) : ''));
  }),
  onText('many', (text, random) =>
    replaceOne(text, /<(path|rect|circle|g)[^>]*>/g, random, (match) =>
      match.repeat(pick(random, [10, 1000])),
    ),
  ),
  onText('token', (text, random) =>
    replaceOne(text, /[<>"'/=&;#()]/g, random, (match) =>
      pick(random, ['', match + match, '<', '>', '"', '&', '\0']),
    ),
  ),
  onText('tag', (text, random) =>
    replaceOne(text, /<\/?[a-z]+/gi, random, () =>
      pick(random, ['<svg', '<g', '</g', '<use', '<symbol', '<a', '<switch', '</svg']),
    ),
  ),
  {
    name: 'utf16',
    apply: (bytes) => (bytes[0] === MAGIC ? undefined : Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le')),
  },
  {
    name: 'inflating', // a gzip that grows a thousandfold
    apply: (bytes, random) =>
      bytes[0] === MAGIC
        ? undefined
        : gzipSync(Buffer.concat([bytes, Buffer.alloc(2 ** (20 + below(random, 5)), ' ')])),
  },
];
