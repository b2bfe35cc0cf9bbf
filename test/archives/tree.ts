import { execFile } from 'node:child_process';
import { copyFile, cp, link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { mulberry32 } from '../../src/random.js';
import { ROOT } from '../support/root.js';

const SAMPLES = join(ROOT, 'fixtures/images');

/** Images whose members some archivers write as something else than a file. */
export const LINKS: readonly string[] = ['link.png', 'links/up.jpg', 'dangling.png'];
export const HARD_LINK = 'hard link.png';
export const SPARSE = 'sparse.png';

/** An image that the tree and a second folder have, with other bytes. */
export const TWICE = 'twice/a.png';

/** The name of an image. */
export const NOT_UTF8 = Buffer.from('caf\xe9.png', 'latin1');
/** An image of the second folder with the bytes of NOT_UTF8, whose row in the folder is a failure. */
export const PLAIN = 'plain.png';

const BLOCK = 512; // of tar
const NAME_FIELD = 100; // bytes

const NAMES: readonly string[] = [
  ...['Grüße Çé.png', 'Ünï🦊.png', '画像/犬 1.png', 'a"b,c\'d.png', 'new\nline.png', ' =1+1.png', '-rf.png'],
  ...['UPPER.PNG', 'a.tar/b.zip/c.png', 'without an extension', 'deep/er/without', '日本', 'no-image.png'],
  'x'.repeat(NAME_FIELD - 4 + 1).concat('.png'), // too long for the name field of tar
  `${'d'.repeat(120)}/${'e'.repeat(90)}.png`, // fits its prefix field too
  `${'é'.repeat(90)}/${'f'.repeat(80)}/${'g'.repeat(150)}.png`, // fits neither
];

const HIDDEN: readonly string[] = ['.hidden.png', '.folder/a.png'];

/** A folder of files to pack. */
export interface Tree {
  readonly folder: string;
  readonly other: string; // a folder with another TWICE
  readonly list: string; // a file with the names of its folders and files, each ended by a NUL, in an order of the seed
}

/** Makes a tree in a new folder from the sample images. */
export async function makeTree(folder: string, seed: number): Promise<Tree> {
  const random = mulberry32(seed);
  const [tree, other] = [join(folder, 'tree'), join(folder, 'other')];
  await cp(SAMPLES, tree, { recursive: true });
  const samples = ['arrow.png', 'heart.png', 'triangle.png'].map((name) => join(SAMPLES, 'shapes', name));
  const place = async (path: string, name: string) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await copyFile(samples[Math.floor(random() * samples.length)] as string, join(path, name));
  };
  for (const name of [...NAMES, ...HIDDEN, SPARSE, 'original.png']) await place(tree, name);
  for (const [i, path] of [tree, other].entries()) {
    await mkdir(dirname(join(path, TWICE)), { recursive: true });
    await copyFile(samples[i] as string, join(path, TWICE));
  }
  await writeFile(join(tree, 'no-image.png'), 'x'.repeat(2 * BLOCK)); // ends with a block
  await writeFile(join(tree, 'empty.png'), '');
  await writeFile(join(tree, 'notes.txt'), 'no image');
  const notUtf8 = Buffer.concat([Buffer.from(`${tree}/`), NOT_UTF8]);
  for (const path of [notUtf8, join(other, PLAIN)]) await copyFile(samples[0] as string, path);
  await truncate(join(tree, SPARSE), 2 ** 20); // zeros behind an image do not matter
  await makeLinks(tree);
  const list = join(folder, 'list');
  await writeFile(list, await listed(tree, random));
  return { folder: tree, other, list };
}

async function makeLinks(tree: string): Promise<void> {
  await mkdir(join(tree, 'links'));
  for (const [i, to] of ['shapes/arrow.png', '../textures/zigzag.jpg', 'nowhere'].entries())
    await symlink(to, join(tree, LINKS[i] as string));
  await link(join(tree, 'original.png'), join(tree, HARD_LINK));
}

/** Returns the names of all folders and files, in a random order in which the hard link comes last. */
async function listed(tree: string, random: () => number): Promise<Buffer> {
  const names = await promisify(execFile)('find', ['.', '-mindepth', '1', '-printf', '%P\\0'], {
    cwd: tree,
    encoding: 'buffer',
  });
  const all = names.stdout.toString('latin1').split('\0').slice(0, -1);
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as string, all[i] as string];
  }
  const rest = all.filter((name) => name !== HARD_LINK);
  return Buffer.from([...rest, HARD_LINK, ''].join('\0'), 'latin1');
}
