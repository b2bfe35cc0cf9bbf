// src/remote/: objects on servers, such as images and archives behind URLs

import PQueue from 'p-queue';
import type { FileIdentity } from '../file-identity.js';
import type { OpenItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { Attempts } from './attempts.js';
import { Blocks } from './blocks.js';
import { HttpClient } from './http-client.js';
import { httpStore } from './http-store.js';
import type { RemoteCounts, RemoteSettings } from './settings.js';
import type { ObjectRanges, Store } from './store.js';

const KEPT = 16; // open objects
const MOST_HELD = 128 * 2 ** 20; // bytes of those that memory holds as a whole

/** The objects on servers that a job reads. Close it when done. */
export class RemoteObjects {
  readonly #attempts: Attempts;
  readonly #identities: PQueue;
  readonly #client: HttpClient;
  readonly #stores: readonly Store[];
  readonly #blocks = new Blocks();
  readonly #open = new Map<string, Promise<ObjectRanges>>(); // by address, the least recently used first
  readonly #held = new Map<string, number>(); // bytes

  /** @param signal ends all requests */
  constructor(settings: RemoteSettings, signal?: AbortSignal | undefined) {
    this.#attempts = new Attempts(settings, signal);
    this.#client = new HttpClient(settings, this.#attempts);
    this.#identities = new PQueue({ concurrency: settings.requests });
    this.#stores = [httpStore(this.#client)];
  }

  get counts(): RemoteCounts {
    return this.#attempts.counts;
  }

  /** As {@link Store.identify}, for many objects at once. */
  identify(address: string): Promise<FileIdentity | undefined> {
    return this.#identities.add(() => this.#store(address).identify(address));
  }

  /** As {@link Store.open} */
  async open(address: string): Promise<OpenItem> {
    return this.#store(address).open(address);
  }

  /** As {@link Store.check} */
  check(address: string): void {
    this.#store(address).check?.(address);
  }

  /** As {@link Store.openRanges}, but an object stays open, in one version, while the job reads it. */
  openRanges(address: string): Promise<ObjectRanges> {
    const known = this.#open.get(address);
    this.#open.delete(address); // to the end
    const opened = known ?? this.#openAnew(address);
    this.#open.set(address, opened);
    if (known === undefined) this.#forget();
    return opened;
  }

  async close(): Promise<void> {
    this.#attempts.close();
    await this.#client.close();
  }

  #openAnew(address: string): Promise<ObjectRanges> {
    const opening = (async () => {
      const ranges = await this.#store(address).openRanges(address);
      if (ranges.held === undefined) return { ...ranges, read: this.#blocks.reader(ranges) };
      this.#held.set(address, ranges.held);
      this.#forget();
      return ranges;
    })();
    opening.catch(() => this.#open.get(address) === opening && this.#open.delete(address)); // it may be opened another time
    return opening;
  }

  #forget(): void {
    const heldIn = () => [...this.#held.values()].reduce((sum, bytes) => sum + bytes, 0);
    for (const address of [...this.#open.keys()].slice(0, -1)) {
      if (this.#open.size <= KEPT && heldIn() <= MOST_HELD) return;
      this.#open.delete(address);
      this.#held.delete(address);
    }
  }

  #store(address: string): Store {
    const store = this.#stores.find(({ takes }) => takes(address));
    if (store === undefined) throw new ImageRefusal('read_failed', 'halonet does not read such addresses');
    return store;
  }
}
