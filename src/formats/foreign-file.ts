// src/formats/: reads and writes safetensors, PyTorch and ONNX files, and reads tar and zip archives; independent of the pipeline

import { FormatError } from '../errors.js';

interface Kind {
  readonly is: string;
  readonly hint?: string;
  readonly starts: readonly string[]; // of the first bytes, as lower-case Latin-1 without leading white space
}

// Files that people keep beside checkpoints, or mistake for them.
const KINDS: readonly Kind[] = [
  {
    is: 'a Git LFS pointer',
    hint: 'Fetch the file: git lfs pull',
    starts: ['version https://git-lfs'],
  },
  {
    is: 'an HTML page',
    hint: 'Download the file itself, not its page.',
    starts: ['<!doctype html', '<html'],
  },
  { is: 'an HDF5 file, as Keras writes them', starts: ['\x89hdf\r\n'] },
  { is: 'a NumPy array', starts: ['\x93numpy'] },
  { is: 'a GGUF file', starts: ['gguf'] },
  { is: 'a gzip archive', hint: 'Unpack it first.', starts: ['\x1f\x8b'] },
  { is: 'JSON or other text', starts: ['{', '['] },
  { is: 'a pickle that torch.save did not write', starts: ['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'] },
];

const HINT =
  'Pass a safetensors file, a PyTorch file (.pth, .pth.tar, .bin), or an .onnx file written by halonet convert.';
const SHOWN = 16; // bytes

/** Returns the error for a file that is no checkpoint at all, based on its first bytes. */
export function foreignFile(head: Uint8Array, where: string): FormatError {
  const text = Buffer.from(head).toString('latin1');
  if (text.length === 0) return new FormatError(`${where} is empty`, { hint: HINT });
  const begin = text.trimStart().toLowerCase();
  const kind = KINDS.find(({ starts }) => starts.some((start) => begin.startsWith(start)));
  const start = JSON.stringify(text.slice(0, SHOWN).replace(/[^ -~]/g, '.'));
  const is =
    kind === undefined ? `not a checkpoint (it starts with ${start})` : `${kind.is}, not a checkpoint`;
  return new FormatError(`${where} is ${is}`, { hint: kind?.hint ?? HINT });
}

/** Whether a file may be safetensors: a JSON object after eight bytes of length. */
export const looksLikeSafetensors = (head: Uint8Array): boolean => head[8] === '{'.charCodeAt(0);
