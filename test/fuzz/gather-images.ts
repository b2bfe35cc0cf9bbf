/**
 * Copies the images in unpacked source packages, found by extension or by their first bytes, to one flat folder without
 * duplicates, as PACKAGE_NUMBER_NAME:
 *
 *     node dist/test/fuzz/gather-images.js SOURCES FOLDER
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { DECODABLE_EXTENSIONS } from '../../src/images/extensions.js';
import { sniffFormat } from '../../src/images/sniff.js';

const EXTENSIONS: Readonly<Record<string, string>> = {
  JPEG: '.jpg',
  PNG: '.png',
  GIF: '.gif',
  WebP: '.webp',
  TIFF: '.tif',
  AVIF: '.avif',
  SVG: '.svg',
};

const [sources = '', folder = ''] = argv.slice(2);
const seen = new Set<string>();
let count = 0;
await mkdir(folder, { recursive: true });
for (const name of (await readdir(sources)).sort()) {
  const entries = await readdir(join(sources, name), { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const known = DECODABLE_EXTENSIONS.has(extname(path).toLowerCase());
    const extension = known ? '' : EXTENSIONS[sniffFormat(bytes)?.name ?? ''];
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (extension === undefined || seen.has(hash)) continue;
    seen.add(hash);
    const flat = relative(join(sources, name), path)
      .replaceAll(/[^\w.+-]+/g, '-')
      .slice(-200)
      .replace(/^\.+/, '');
    const numbered = `${name}_${String(++count).padStart(5, '0')}_${flat}${extension}`;
    await writeFile(join(folder, numbered), bytes);
  }
}
console.log(`${count} images`);
