// src/remote/: objects on servers, such as images and archives behind URLs

import PQueue from 'p-queue';
import type { InputError } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import type { OpenItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { Attempts } from './attempts.js';
import { Blocks } from './blocks.js';
import { HttpClient } from './http-client.js';
import { httpStore } from './http-store.js';
import { S3Store } from './s3/store.js';
import type { RemoteCounts, RemoteSettings } from './settings.js';
import type { ListedObject, ObjectRanges, Store } from './store.js';

const KEPT = 16; // open objects
const MOST_HELD = 128 * 2 ** 20; // bytes of those that memory holds as a whole

/** The objects on servers that a job reads. Close it when done. */
export class RemoteObjects {
  readonly #attempts: Attempts;
  readonly #identities: PQueue;
  readonly #client: HttpClient;
  readonly #s3: S3Store;
  readonly #stores: readonly Store[];
  readonly #blocks = new Blocks();
  readonly #open = new Map<string, Promise<ObjectRanges>>(); // by address, the least recently used first
  readonly #held = new Map<string, number>(); // bytes

  /** @param signal ends all requests */
  constructor(settings: RemoteSettings, signal?: AbortSignal | undefined) {
    this.#attempts = new Attempts(settings, signal);
    this.#client = new HttpClient(settings, this.#attempts);
    this.#identities = new PQueue({ concurrency: settings.requests });
    this.#s3 = new S3Store(settings, this.#attempts);
    this.#stores = [httpStore(this.#client), this.#s3];
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

  /** As {@link Store.mistake} */
  async mistake(address: string): Promise<InputError | undefined> {
    return this.#store(address).mistake?.(address);
  }

  /** As {@link Listing.isPrefix} */
  isPrefix(address: string): boolean {
    return this.#store(address).listing?.isPrefix(address) ?? false;
  }

  /** As {@link Listing.objects} */
  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const { listing } = this.#store(prefix);
    if (listing !== undefined) yield* listing.objects(prefix);
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
    await Promise.all([this.#client.close(), this.#s3.close()]);
  }

  #openAnew(address: string): Promise<ObjectRanges> {
    const opening = this.#rangesOf(address);
    const isOpen = () => this.#open.get(address) === opening; // not forgotten, and not opened another time
    opening.then(
      ({ held }) => {
        if (held === undefined || !isOpen()) return;
        this.#held.set(address, held);
        this.#forget();
      },
      () => isOpen() && this.#open.delete(address), // it may be opened another time
    );
    return opening;
  }

  async #rangesOf(address: string): Promise<ObjectRanges> {
    const ranges = await this.#store(address).openRanges(address);
    return ranges.held === undefined ? { ...ranges, read: this.#blocks.reader(ranges) } : ranges;
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
