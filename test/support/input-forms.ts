import { lstat, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DEFLATED, tarOf, zipOf } from './archives.js';
import { page, parquetOf, plain } from './parquet.js';
import { zstdOf } from './zstd.js';

/** A file or link in a folder of images. */
interface Member {
  readonly name: string;
  readonly content: Buffer; // of a link: where it leads
  readonly isLink: boolean;
}

/** A form in which images are given to a command, made from a folder of them. */
interface Form {
  /** Returns the bytes of a file beside the folder. */
  readonly pack: (members: readonly Member[], folder: string) => Buffer | string;
  /** Returns the arguments that name the file; by default, its path alone. */
  readonly args?: (path: string) => readonly string[];
}

const tar = (members: readonly Member[]) =>
  tarOf(
    ...members.map(({ name, content, isLink }) =>
      isLink ? { name, type: '2', link: content.toString() } : { name, content },
    ),
  );

const zip = (members: readonly Member[]) =>
  zipOf(
    members.map(({ name, content, isLink }, i) => ({
      ...{ name, content, mode: isLink ? 0o120777 : 0o100644 },
      method: i % 2 === 0 || isLink ? 0 : DEFLATED,
    })),
  );

/** An image in each row, and pages of one row. */
const parquet = (members: readonly Member[]) =>
  parquetOf([
    { rows: members.length, pages: members.map(({ content }) => page(plain(content), { rows: 1 })) },
  ]);

const listed = (members: readonly Member[], folder: string) =>
  members.map(({ name }, i) => ({
    path: `${basename(folder)}/${name}`,
    label: `"${name}", ${i % 3}`,
    number: i / 4,
  }));

const csvOf = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))]
    .map((cells) => cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(','))
    .join('\n');

const listWithColumns = (path: string) => ['--from', path, '--keep-columns', 'all'];

/** All forms but the folder itself, by the extension of their file. */
export const INPUT_FORMS = {
  tar: { pack: tar },
  'tar.gz': { pack: (members) => gzipSync(tar(members)) },
  'tar.zst': { pack: (members) => zstdOf(tar(members)) },
  zip: { pack: zip },
  parquet: { pack: parquet },
  csv: { pack: (members, folder) => csvOf(listed(members, folder)), args: listWithColumns },
  jsonl: {
    pack: (members, folder) =>
      listed(members, folder)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    args: listWithColumns,
  },
} as const satisfies Readonly<Record<string, Form>>;

export type InputForm = keyof typeof INPUT_FORMS;

/**
 * Gives the images of a folder in another form: writes a file beside the folder.
 *
 * @returns the arguments of a command that name it
 */
export async function giveAs(form: InputForm, folder: string): Promise<readonly string[]> {
  const members: Member[] = [];
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const status = await lstat(path);
    if (status.isSymbolicLink())
      members.push({ name, content: Buffer.from(await readlink(path)), isLink: true });
    else if (status.isFile()) members.push({ name, content: await readFile(path), isLink: false });
  }
  const { pack, args = (path: string) => [path] }: Form = INPUT_FORMS[form];
  const path = `${folder}.${form}`;
  await writeFile(path, pack(members, folder));
  return args(path);
}
