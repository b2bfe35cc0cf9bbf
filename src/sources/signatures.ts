import { open } from 'node:fs/promises';
import { InputError } from '../errors.js';

// [what it is, offset, bytes as Latin-1, what to do]: https://en.wikipedia.org/wiki/List_of_file_signatures
const ARCHIVES: readonly (readonly [string, number, string, string])[] = [
  ['a ZIP archive', 0, 'PK\x03\x04', 'Rename it to end in .zip: halonet reads the images in it.'],
  ['a ZIP archive', 0, 'PK\x05\x06', 'Rename it to end in .zip: halonet reads the images in it.'],
  ['a gzip archive', 0, '\x1f\x8b', compressed('gunzip', '.tar.gz')],
  ['a bzip2 archive', 0, 'BZh', compressed('bunzip2')],
  ['an xz archive', 0, '\xfd7zXZ\0', compressed('unxz')],
  ['a Zstandard archive', 0, '\x28\xb5\x2f\xfd', compressed('unzstd', '.tar.zst')],
  ['a 7z archive', 0, '7z\xbc\xaf\x27\x1c', 'Unpack it first (7z x), and name the folder.'],
  ['a RAR archive', 0, 'Rar!\x1a\x07', 'Unpack it first (unrar x), and name the folder.'],
  ['a tar archive', 257, 'ustar', 'Rename it to end in .tar: halonet reads the images in it.'],
  ['a Parquet file', 0, 'PAR1', 'Rename it to end in .parquet: halonet reads the images in it.'],
];

const HEAD = 512; // bytes

/** @param extension of a tar that is read in this form */
function compressed(command: string, extension?: string): string {
  const decompress = `ecompress it first (${command}), and name the .tar file, or the folder that it unpacks to.`;
  if (extension === undefined) return `D${decompress}`;
  return `Rename it to end in ${extension} if it holds a tar archive; halonet reads these. Otherwise, d${decompress}`;
}

/**
 * Returns the error for an input on the command line that is an archive, but is not read as one: compressed, of another format, or
 * without the extension. undefined for any other file.
 */
export async function archived(input: string): Promise<InputError | undefined> {
  if (/\.svgz$/i.test(input)) return undefined; // compressed, but still one image
  const found = await signatureIn(input);
  if (found === undefined) return undefined;
  const [what, , , hint] = found;
  return new InputError(
    `${input} is ${what}; expected an image, a folder, a .tar, .tar.gz, .tar.zst, .zip or .parquet file, or -`,
    {
      hint,
    },
  );
}

/** Returns what a file is by its first bytes: `a tar archive`; undefined if it is no archive. */
export async function archiveKind(path: string): Promise<string | undefined> {
  const [what] = (await signatureIn(path)) ?? [];
  return what;
}

async function signatureIn(path: string): Promise<(typeof ARCHIVES)[number] | undefined> {
  const head = await headOf(path);
  return ARCHIVES.find(([, offset, magic]) => head.startsWith(magic, offset));
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
