import { open } from 'node:fs/promises';
import { InputError } from '../errors.js';

// [what it is, offset, bytes as Latin-1, what to do]: https://en.wikipedia.org/wiki/List_of_file_signatures
const ARCHIVES: readonly (readonly [string, number, string, string])[] = [
  ['a ZIP archive', 0, 'PK\x03\x04', 'Unpack it first (unzip), and name the folder.'],
  ['a ZIP archive', 0, 'PK\x05\x06', 'Unpack it first (unzip), and name the folder.'],
  ['a gzip archive', 0, '\x1f\x8b', 'Unpack it first (tar -xzf or gunzip), and name the folder.'],
  ['a bzip2 archive', 0, 'BZh', 'Unpack it first (tar -xjf or bunzip2), and name the folder.'],
  ['an xz archive', 0, '\xfd7zXZ\0', 'Unpack it first (tar -xJf or unxz), and name the folder.'],
  [
    'a Zstandard archive',
    0,
    '\x28\xb5\x2f\xfd',
    'Unpack it first (tar --zstd -xf or unzstd), and name the folder.',
  ],
  ['a 7z archive', 0, '7z\xbc\xaf\x27\x1c', 'Unpack it first (7z x), and name the folder.'],
  ['a RAR archive', 0, 'Rar!\x1a\x07', 'Unpack it first (unrar x), and name the folder.'],
  ['a tar archive', 257, 'ustar', 'Unpack it first (tar -xf), and name the folder.'],
  ['a Parquet file', 0, 'PAR1', 'Extract its images into a folder first, and name that.'],
];

const HEAD = 512; // bytes

/** Returns the error for an input on the command line that is an archive; undefined for any other file. */
export async function archived(input: string): Promise<InputError | undefined> {
  if (/\.svgz$/i.test(input)) return undefined; // compressed, but still one image
  const head = await headOf(input);
  const found = ARCHIVES.find(([, offset, magic]) => head.startsWith(magic, offset));
  if (found === undefined) return undefined;
  const [what, , , hint] = found;
  return new InputError(`${input} is ${what}; expected an image, a folder or -`, { hint });
}

/** Returns the first bytes of a file as Latin-1; '' if it cannot be read. */
async function headOf(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
