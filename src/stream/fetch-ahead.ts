import PQueue from 'p-queue';
import { mapInOrder } from '../async/map-in-order.js';
import type { Crop } from '../crop.js';
import { HalonetError } from '../errors.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem, JobItem, OpenItem } from '../item.js';
import type { Columns } from '../rows.js';
import { ByteRoom } from './byte-room.js';
import { StageClock } from './stage-clock.js';

export interface FetchOptions {
  readonly requests: number; // items fetched at once
  readonly limit: number; // bytes of one item
  readonly cancel: () => void; // ends the requests under way when nobody needs the items any more
  readonly clock?: StageClock | undefined; // measures what the run waits for
}

const WINDOW = 8; // items under way for each of those fetched at once: a slow one does not hold up the others at once
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Fetches the items that are on servers before their turn to be decoded: waiting for a server takes no decoder, and many wait at once.
 * The order of the items stays, and others pass unchanged. Memory holds at most 256 MiB of them, or one larger item.
 */
export class FetchAhead {
  readonly #options: FetchOptions;
  readonly #queue: PQueue;
  readonly #room = new ByteRoom(MOST_BYTES);

  constructor(options: FetchOptions) {
    this.#options = options;
    this.#queue = new PQueue({ concurrency: options.requests });
  }

  /**
   * Yields items, fetched. Call `decoded` for each once its bytes are not needed any more.
   *
   * @throws what the source throws; HalonetError if no item can be fetched
   */
  async *items(source: AsyncIterable<JobItem>): AsyncGenerator<JobItem> {
    const { requests, cancel, clock = new StageClock() } = this.#options;
    let ahead = 1; // local items are not taken before their turn
    const start = async (item: JobItem): Promise<JobItem> => {
      if (item.status !== 'found' || item.remote === undefined) return item;
      ahead = requests * WINDOW;
      const order = this.#room.enter();
      return await this.#queue.add(() => clock.during('fetching', () => this.#fetch(item, order)));
    };
    const items = mapInOrder(source, start, () => ahead);
    let ended = false;
    try {
      for (;;) {
        const { done, value } = await items.next();
        ended = done === true;
        if (done) return;
        yield value;
      }
    } finally {
      if (!ended) {
        this.#room.close(new Error('the run has ended'));
        cancel();
      }
      await items.return(undefined);
    }
  }

  /** Frees the bytes of an item. */
  decoded(item: FoundItem): void {
    if (item instanceof FetchedItem) this.#room.leave(item.order);
  }

  async #fetch(item: FoundItem, order: number): Promise<FetchedItem> {
    const { limit } = this.#options;
    const take = (bytes: number) => this.#room.take(order, bytes);
    let identity: FileIdentity | undefined;
    try {
      await take(1); // while there is no room, nothing is requested
      const { read, ...opened } = await item.open();
      identity = opened.identity;
      const bytes = await read(limit, take);
      return new FetchedItem(item, order, { identity, bytes });
    } catch (error) {
      if (error instanceof HalonetError) throw error; // it is not about this item
      return new FetchedItem(item, order, { identity, error });
    }
  }
}

/** What came of fetching an item. */
interface Fetched {
  readonly identity: FileIdentity | undefined;
  readonly bytes?: Uint8Array;
  readonly error?: unknown;
}

/** An item whose bytes are in memory, or that could not be fetched. */
class FetchedItem implements FoundItem {
  readonly status = 'found';
  readonly id: string;
  readonly target: string | undefined;
  readonly columns: Columns | undefined;
  readonly crop: Crop | undefined;
  readonly order: number;
  readonly #fetched: Fetched;

  constructor({ id, target, columns, crop }: FoundItem, order: number, fetched: Fetched) {
    this.id = id;
    this.target = target;
    this.columns = columns;
    this.crop = crop;
    this.order = order;
    this.#fetched = fetched;
  }

  /** Makes no request: what is known about an item that could not be fetched would not be about the attempt. */
  async identify(): Promise<FileIdentity | undefined> {
    return this.#fetched.identity;
  }

  async open(): Promise<OpenItem> {
    const { identity, bytes, error } = this.#fetched;
    if (identity === undefined) throw error;
    return {
      identity,
      read: async () => {
        if (bytes === undefined) throw error;
        return bytes;
      },
    };
  }
}
