import { lstat, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFLATED, type TarEntry, tarOf, type ZipEntry, zipOf } from './archives.js';

/** Formats of archives of folders, named as their extensions. */
export type Packed = keyof typeof ARCHIVES;

const ARCHIVES = {
  tar: (members: readonly Member[]) => tarOf(...members.map(tarEntry)),
  zip: (members: readonly Member[]) => zipOf(members.map(zipEntry)),
} as const;

interface Member {
  readonly name: string;
  readonly content: Buffer | string; // of a link: where it leads
  readonly isLink: boolean;
}

/**
 * Writes an archive of the files and links in a folder, beside it.
 * @returns its path: that of the folder, and the extension
 */
export async function packFolder(folder: string, format: Packed): Promise<string> {
  const members: Member[] = [];
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const status = await lstat(path);
    if (status.isSymbolicLink()) members.push({ name, content: await readlink(path), isLink: true });
    else if (status.isFile()) members.push({ name, content: await readFile(path), isLink: false });
  }
  const archive = `${folder}.${format}`;
  await writeFile(archive, ARCHIVES[format](members));
  return archive;
}

const tarEntry = ({ name, content, isLink }: Member): TarEntry =>
  isLink ? { name, type: '2', link: content.toString() } : { name, content };

const zipEntry = ({ name, content, isLink }: Member, i: number): ZipEntry => ({
  name,
  content,
  mode: isLink ? 0o120777 : 0o100644,
  method: i % 2 === 0 || isLink ? 0 : DEFLATED,
});
