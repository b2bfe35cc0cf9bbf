import { ALLOWED } from './allow-list.js';
import { broken, quote, unsuitable } from './failures.js';
import { type Cursor, openCursor, take, uint64 } from './pickle/cursor.js';
import { readPickle } from './pickle/read-pickle.js';
import { type Saved, storageBytes, storageRef } from './saved.js';
import { describe, isKind, type StorageRef, type Value } from './values.js';

// 0x1950a86a20f9469cfc6c, little-endian: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
const MAGIC = Buffer.from('6cfc9c46f9206aa85019', 'hex');
const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTO = 0x80;
const LONGEST_LEAD = 16; // bytes of protocol, frame and length before the magic number
const FORMAT_VERSION = 1001;

/** Whether a file starts as torch.save's legacy format does, in protocol 2 or later; 26 bytes suffice. */
export function isLegacy(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, LONGEST_LEAD + MAGIC.length));
  return start[0] === PROTO && start.includes(MAGIC);
}

/**
 * Reads what torch.save wrote before PyTorch 1.6: one pickle each for a magic number, a version and the machine;
 * one for the object; one for the keys of its storages; and for each key an int64 element count followed by the
 * elements.
 *
 * @throws FormatError if it is truncated, from a big-endian machine, or names more than weights
 */
export function readLegacy(file: Uint8Array, where: string): Saved {
  const cursor = openCursor(file, where);
  readHeader(cursor);
  const expected = new Map<string, StorageRef>();
  const root = readPickle(cursor, {
    allowed: ALLOWED,
    persistent: (id, fail) => {
      const storage = storageRef(id, fail);
      const known = expected.get(storage.key);
      if (known === undefined) expected.set(storage.key, storage);
      else if (storageBytes(known) !== storageBytes(storage)) {
        throw fail(
          `storage ${quote(storage.key)} has ${storageBytes(known)} bytes and ${storageBytes(storage)}`,
        );
      }
      return storage;
    },
  });
  const storages = readStorages(cursor, expected);
  return {
    root,
    readStorage: ({ key }) => {
      const bytes = storages.get(key);
      if (bytes === undefined) throw broken(where, `storage ${quote(key)} is missing: the file is damaged`);
      return bytes;
    },
  };
}

function readHeader(cursor: Cursor): void {
  const magic = readPlain(cursor);
  if (magic !== MAGIC_NUMBER)
    throw broken(cursor.where, "does not start with the magic number of PyTorch's legacy format");
  const version = readPlain(cursor);
  if (version !== FORMAT_VERSION) {
    const found = typeof version === 'number' ? version : describe(version);
    throw broken(cursor.where, `version ${found} of PyTorch's legacy format; expected ${FORMAT_VERSION}`);
  }
  const machine = readPlain(cursor);
  if (isKind(machine, 'dict') && machine.items.get('little_endian') === false) {
    throw unsuitable(cursor.where, 'was saved on a big-endian machine; expected little-endian');
  }
}

/** Reads a pickle that may name nothing and has no storages. */
function readPlain(cursor: Cursor): Value {
  return readPickle(cursor, {
    allowed: new Map(),
    persistent: (_, fail) => {
      throw fail('a storage where none belongs');
    },
  });
}

function readStorages(
  cursor: Cursor,
  expected: ReadonlyMap<string, StorageRef>,
): ReadonlyMap<string, Uint8Array> {
  const keys = readPlain(cursor);
  if (!isKind(keys, 'list'))
    throw broken(cursor.where, `expected the list of storages, found ${describe(keys)}`);
  const storages = new Map<string, Uint8Array>();
  for (const item of keys.items) {
    const key = typeof item === 'number' ? String(item) : item;
    const storage = typeof key === 'string' ? expected.get(key) : undefined;
    if (storage === undefined || storages.has(storage.key)) {
      throw broken(
        cursor.where,
        `lists storage ${typeof key === 'string' ? quote(key) : describe(key)} twice or unused`,
      );
    }
    const count = uint64(cursor);
    if (count !== storage.length) {
      throw broken(
        cursor.where,
        `storage ${quote(storage.key)} has ${count} elements; expected ${storage.length}`,
      );
    }
    storages.set(storage.key, take(cursor, storageBytes(storage)));
  }
  const left = cursor.bytes.byteLength - cursor.at;
  if (left > 0) throw broken(cursor.where, `${left} bytes after the last storage belong to none`);
  return storages;
}
