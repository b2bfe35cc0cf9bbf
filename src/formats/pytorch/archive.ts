import { ALLOWED } from './allow-list.js';
import { broken, quote, unsuitable } from './failures.js';
import { openCursor } from './pickle/cursor.js';
import { readPickle } from './pickle/read-pickle.js';
import { type Saved, storageBytes, storageRef } from './saved.js';
import { openZip } from './zip.js';

/**
 * Reads what torch.save writes since PyTorch 1.6: a zip that holds, in one folder of any name, the pickle
 * `data.pkl`, a file `data/KEY` for each storage, and the byte order in `byteorder`.
 *
 * https://docs.pytorch.org/docs/stable/notes/serialization.html
 *
 * @throws FormatError if it is damaged, a TorchScript program, from a big-endian machine, or names more than
 *   weights
 */
export async function readArchive(file: Uint8Array, where: string): Promise<Saved> {
  const zip = await openZip(file, where);
  // Like PyTorch, take the folder of the first record, whatever its name.
  const folder = zip.names[0]?.split('/', 1)[0] ?? '';
  const has = (name: string) => zip.names.includes(`${folder}/${name}`);
  if (!has('data.pkl')) {
    throw broken(where, `is a zip without ${quote(`${folder}/data.pkl`)}; PyTorch's checkpoints have it`);
  }
  if (has('constants.pkl') || zip.names.some((name) => name.startsWith(`${folder}/code/`))) {
    throw unsuitable(where, 'is a TorchScript program (torch.jit.save); expected the weights of torch.save');
  }
  if (has('byteorder')) checkByteOrder(zip.read(`${folder}/byteorder`), where);
  const root = readPickle(openCursor(zip.read(`${folder}/data.pkl`), `${where}: data.pkl`), {
    allowed: ALLOWED,
    persistent: storageRef,
  });
  const storages = new Map<string, Uint8Array>(); // several tensors may share one
  return {
    root,
    readStorage: (storage) => {
      const { key } = storage;
      const bytes = storages.get(key) ?? zip.read(`${folder}/data/${key}`);
      storages.set(key, bytes);
      if (bytes.byteLength !== storageBytes(storage)) {
        throw broken(
          where,
          `storage ${quote(key)} has ${bytes.byteLength} bytes; expected ${storageBytes(storage)}`,
        );
      }
      return bytes;
    },
  };
}

function checkByteOrder(record: Uint8Array, where: string): void {
  const order = new TextDecoder().decode(record.subarray(0, 16));
  if (order !== 'little') throw unsuitable(where, `its byte order is ${quote(order)}; expected "little"`);
}
