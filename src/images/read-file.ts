import { readFile, stat } from 'node:fs/promises';
import { fileFailure } from '../file-failure.js';
import { ImageRefusal } from './refusal.js';

const BYTES_PER_PIXEL = 8; // RGBA of 16 bits, uncompressed: no image takes more
const ALWAYS_READ = 256 * 2 ** 20; // metadata and animations may be large however small the pixel limit
const READ_FILE_LIMIT = 2 ** 31 - 1; // of fs.readFile in Node 20

/**
 * The bytes of an image file. It is read once and whole: the header and the pixels then come from the same bytes, and
 * libvips never sees a path (in a name that ends in `]` it would look for options).
 *
 * @throws ImageRefusal not_found, permission, symlink_loop, read_failed, empty_file or too_large
 */
export async function readImageFile(path: string, maxPixels: number): Promise<Buffer> {
  const limit = Math.min(READ_FILE_LIMIT, Math.max(ALWAYS_READ, BYTES_PER_PIXEL * maxPixels));
  try {
    const file = await stat(path);
    // Opening a named pipe would wait for a writer.
    if (!file.isFile()) throw notAFile(file.isDirectory());
    if (file.size > limit) {
      throw new ImageRefusal('too_large', `the file has ${file.size} bytes, more than the limit of ${limit}`);
    }
    const bytes = await readFile(path);
    if (bytes.byteLength === 0) throw new ImageRefusal('empty_file', 'the file has no bytes');
    return bytes;
  } catch (error) {
    if (error instanceof ImageRefusal) throw error;
    const { code, message } = fileFailure(error);
    throw new ImageRefusal(code, message);
  }
}

function notAFile(isDirectory: boolean): ImageRefusal {
  const what = isDirectory ? 'a directory' : 'a pipe, socket or device';
  return new ImageRefusal('read_failed', `${what}, not an image file`);
}
