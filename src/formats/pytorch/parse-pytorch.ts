// src/formats/pytorch/: PyTorch checkpoints to tensors, without running the code in them

import type { Tensor } from '../../tensor.js';
import { readArchive } from './archive.js';
import { denseTensors } from './dense.js';
import { broken, quote, unsuitable } from './failures.js';
import { isLegacy, readLegacy } from './legacy.js';
import type { Saved } from './saved.js';
import { findStateDict } from './state-dict.js';
import { trainArgs, trainedArchitecture } from './train-args.js';
import { isZip } from './zip.js';

const TAR_MAGIC = { at: 257, text: 'ustar' }; // https://www.gnu.org/software/tar/manual/html_node/Standard.html

/** What halonet reads from a PyTorch checkpoint. */
export interface PyTorchCheckpoint {
  readonly key: string | undefined; // of the dict that holds the weights, such as state_dict_ema
  readonly tensors: ReadonlyMap<string, Tensor>; // under the network's names, in the order of the file
  readonly arch: string | undefined; // as written by timm's train.py, such as "halonet26t"
  /** The arguments of timm's train.py that were given: num_classes, img_size, input_size, mean, std, crop_pct, interpolation. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** Whether torch.save may have written a file, by its first 32 bytes. Any zip qualifies. */
export function isPyTorch(head: Uint8Array): boolean {
  return isZip(head) || isLegacy(head);
}

/**
 * Reads the weights from a file of torch.save (`.pth`, `.pth.tar`, `.pt`, `.bin`), in the zip format of PyTorch 1.6
 * and later or the one before it. Tensors stored in row-major order are views of `file`. {@link findStateDict}
 * chooses among the dicts of a checkpoint as timm does.
 *
 * Nothing in the file is executed, and work and memory are bounded, whatever the file claims.
 *
 * @param file the whole file
 * @param where the path or name for error messages
 * @throws FormatError if it is damaged, names anything but tensors, dicts and settings, or has weights of a type
 *   other than float64, float32, float16, bfloat16 and int64
 */
export async function parsePyTorch(file: Uint8Array, where: string): Promise<PyTorchCheckpoint> {
  const { root, readStorage } = await readSaved(file, where);
  const { key, tensors } = findStateDict(root, where);
  return {
    key,
    tensors: denseTensors(tensors, readStorage, file.byteLength, where),
    arch: trainedArchitecture(root),
    args: trainArgs(root),
  };
}

async function readSaved(file: Uint8Array, where: string): Promise<Saved> {
  if (isZip(file)) return readArchive(file, where);
  if (isLegacy(file)) return readLegacy(file, where);
  const head = Buffer.from(file.subarray(0, 512));
  if (head.toString('latin1', TAR_MAGIC.at, TAR_MAGIC.at + TAR_MAGIC.text.length) === TAR_MAGIC.text) {
    throw unsuitable(
      where,
      'is a tar archive (of the first PyTorch versions, or of other files); expected a file of torch.save',
    );
  }
  throw broken(
    where,
    `starts with ${quote(head.toString('latin1', 0, 16))}; a file of torch.save starts as a zip or with its magic number`,
  );
}
