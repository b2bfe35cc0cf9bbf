import { createHash } from 'node:crypto';
import { CHECKSUMS, INDEX } from '../arrangement.js';
import { NameSet } from './name-set.js';

const NPY = '.npy';

/** Returns the name of an array in the folder, with forward slashes. */
export const arrayName = (stem: string, tensor: string): string => `${stem}.${tensor}${NPY}`;

/**
 * Chooses where the arrays of images go: the path of an image in the folder of the output, with its extension. The result depends on
 * the ids and their order only, stays inside the folder, and differs for each row on any disk, also one that ignores the case of names.
 */
export class FileStems {
  readonly #taken = new NameSet();

  /** Notes a stem that an earlier call returned. */
  take(stem: string): void {
    this.#taken.add(folded(stem));
  }

  /**
   * Returns the path of a row's arrays up to the name of the stage, with forward slashes. A path that an earlier row has gets the number
   * of the row: `cats/a.jpg~17`.
   */
  next(id: string, row: number): string {
    let stem = stemOf(id);
    while (!this.#taken.add(folded(stem))) stem += `~${row}`;
    return stem;
  }
}

/** Names that are one file on some disks have the same folded form. */
const folded = (stem: string) => stem.normalize('NFC').toLowerCase().toUpperCase();

// Bytes. File systems allow 255 for a name, and macOS 1024 for a path.
const LONGEST_FOLDER = 255;
const LONGEST_NAME = 215; // leaves room for a row number and a stage
const LONGEST_PATH = 640;

function stemOf(id: string): string {
  const parts = id
    .replace(/\p{Surrogate}/gu, '\ufffd') // a lone one has no UTF-8
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.')
    .map(harmless);
  const name = shortened(parts.pop() ?? '_', LONGEST_NAME);
  const folders = parts.map((part) => shortened(folderName(part), LONGEST_FOLDER));
  const stem = [...folders, name].join('/');
  const fitting = Buffer.byteLength(stem) <= LONGEST_PATH ? stem : `~${digest(folders.join('/'))}/${name}`;
  return fitting.replace(/^'/, '_'); // CSV that is safe for spreadsheets begins some cells with one
}

// Windows does not allow these, nor do files of checksums allow the control characters.
const UNUSABLE = /[<>:"|?*\p{Cc}]/gu;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i; // by Windows, with any extension

/** Returns a name that every file system takes, and that leads to no other folder. */
function harmless(part: string): string {
  if (part === '..') return '_';
  return part.replace(UNUSABLE, '_').replace(RESERVED, '$1_').replace(/[. ]$/, '_');
}

/** Returns the name of a folder, which no file of the output has. */
function folderName(part: string): string {
  const lower = part.toLowerCase();
  const isTaken = lower.endsWith(NPY) || [INDEX, CHECKSUMS].includes(lower) || lower.startsWith('.partial');
  return isTaken ? `${part}_` : part;
}

/** Cuts a name off, and adds a digest of the whole, if it has more than as many bytes. */
function shortened(name: string, longest: number): string {
  const bytes = Buffer.from(name);
  if (bytes.byteLength <= longest) return name;
  const end = `~${digest(name)}`;
  const start = bytes.subarray(0, longest - end.length).toString();
  return start.replace(/\ufffd+$/, '').replace(/[. ]+$/, '_') + end;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
