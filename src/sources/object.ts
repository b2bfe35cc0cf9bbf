import type { FileIdentity } from '../file-identity.js';
import type { FoundItem, OpenItem } from '../item.js';
import type { Source } from './source.js';
import type { Storage } from './storage.js';

/** An object on a server that is one image, whatever its address ends in. It is not asked for before it is opened. */
export const object: Source = {
  name: 'address',
  takes: ({ found }) => found.kind === 'object',
  async *items({ name, path }, { storage }) {
    yield new ObjectItem(name, path, storage);
  },
};

/** An image on a server. */
export class ObjectItem implements FoundItem {
  readonly status = 'found';
  readonly remote = 'object';
  readonly id: string;
  readonly #address: string;
  readonly #storage: Storage;
  readonly #identity: FileIdentity | undefined;

  /**
   * @param id the address as it is shown
   * @param identity if a listing told it
   */
  constructor(id: string, address: string, storage: Storage, identity?: FileIdentity) {
    this.id = id;
    this.#address = address;
    this.#storage = storage;
    this.#identity = identity;
  }

  async identify(): Promise<FileIdentity | undefined> {
    return this.#identity ?? this.#storage.identifyObject(this.#address);
  }

  open(): Promise<OpenItem> {
    return this.#storage.openObject(this.#address);
  }
}
