import { isSameIdentity } from '../file-identity.js';
import { TransientFailure } from '../http/transient-failure.js';
import type { TakeRoom } from '../item.js';
import { expectImageSize, ImageRefusal, imageLimit } from '../refusal.js';
import type { HttpAddress } from './http-address.js';
import type { HttpClient, ObjectResponse } from './http-client.js';
import { contentLength, contentRange, identityIn, isEncoded, strongEtag, UNKNOWN } from './http-identity.js';
import type { Patience } from './patience.js';

/**
 * The download of a whole object. If the connection breaks, it continues where it stopped, provided that the server can tell that the
 * object is still the same; otherwise it starts again.
 */
export class HttpDownload {
  readonly #client: HttpClient;
  readonly #address: HttpAddress;
  readonly #patience: Patience;
  readonly #first: ObjectResponse;
  #response: ObjectResponse | undefined; // to be read

  private constructor(
    client: HttpClient,
    address: HttpAddress,
    patience: Patience,
    response: ObjectResponse,
  ) {
    this.#client = client;
    this.#address = address;
    this.#patience = patience;
    this.#first = response;
    this.#response = response;
  }

  /** @throws ImageRefusal as {@link HttpClient.request} */
  static async begin(client: HttpClient, address: HttpAddress): Promise<HttpDownload> {
    const patience = client.attempts.patience();
    const request = () => client.request({ ...address, method: 'GET' }, patience);
    return new HttpDownload(client, address, patience, await client.attempts.run(request, { patience }));
  }

  /** The identity of the object; {@link UNKNOWN} if the server tells no version. */
  get identity() {
    return identityOf(this.#first);
  }

  /**
   * Reads all bytes.
   *
   * @throws ImageRefusal too_large without reading more than the limit; empty_file; network, or read_failed if the object was changed
   */
  async read(most: number, take: TakeRoom = async () => {}): Promise<Uint8Array> {
    const limit = imageLimit(most);
    const body = new Body(limit, take);
    try {
      const announced = contentLength(this.#first.headers);
      if (announced !== undefined) {
        expectImageSize('the file', announced, limit);
        await body.announce(announced);
      }
      await this.#client.attempts.run(() => this.#receive(body), {
        patience: this.#patience,
        progress: () => body.length,
      });
    } catch (error) {
      await this.#response?.discard().catch(() => {});
      throw error;
    }
    expectImageSize('the file', body.length, limit);
    const bytes = body.bytes();
    if (isPage(this.#first, bytes))
      throw new ImageRefusal('unsupported_format', 'the server sent an HTML page, not an image');
    return bytes;
  }

  /** Makes one attempt to receive the rest. */
  async #receive(body: Body): Promise<void> {
    const response = this.#response ?? (await this.#askAgain(body));
    this.#response = undefined;
    for await (const chunk of response.chunks()) await body.add(chunk);
    const announced = contentLength(this.#first.headers);
    if (announced !== undefined && body.length < announced)
      throw new TransientFailure(`the transfer ended after ${body.length} of ${announced} bytes`);
  }

  /** Requests the rest of the body, or all of it if that is not possible. */
  async #askAgain(body: Body): Promise<ObjectResponse> {
    const { headers } = this.#first;
    const etag = isEncoded(headers) ? undefined : strongEtag(headers);
    const continues = etag !== undefined && body.length > 0;
    const range: Record<string, string> = continues
      ? { range: `bytes=${body.length}-`, 'if-range': etag }
      : {};
    const request = { ...this.#address, method: 'GET', headers: range } as const;
    const response = await this.#client.request(request, this.#patience);
    if (!isSameIdentity(identityOf(response), this.identity)) {
      await response.discard();
      throw new ImageRefusal('read_failed', 'the file was changed during its download');
    }
    if (response.status === 206 && continues && contentRange(response.headers)?.start === body.length)
      return response;
    body.restart();
    if (response.status === 200) return response;
    await response.discard();
    throw new TransientFailure(`no continuation (HTTP ${response.status})`);
  }
}

function identityOf({ status, headers }: ObjectResponse) {
  const size = status === 206 ? contentRange(headers)?.total : contentLength(headers);
  return identityIn(headers, size) ?? UNKNOWN;
}

const LEAST_GROWTH = 64 * 2 ** 10; // bytes

/** The bytes received so far. */
class Body {
  readonly #limit: number;
  readonly #take: TakeRoom;
  #bytes: Buffer | undefined;
  #taken = 0; // room in memory, bytes
  length = 0;

  constructor(limit: number, take: TakeRoom) {
    this.#limit = limit;
    this.#take = take;
  }

  /** Takes room for so many bytes in all. */
  async announce(bytes: number): Promise<void> {
    if (bytes <= this.#taken) return;
    await this.#take(bytes - this.#taken);
    this.#taken = bytes;
  }

  async add(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return; // it would count as an empty file
    const length = this.length + chunk.byteLength;
    expectImageSize('the file', length, this.#limit);
    await this.announce(length);
    const bytes = this.#bytes ?? Buffer.allocUnsafeSlow(this.#taken);
    this.#bytes = length <= bytes.byteLength ? bytes : this.#larger(bytes, length);
    this.#bytes.set(chunk, this.length);
    this.length = length;
  }

  restart(): void {
    this.length = 0;
  }

  bytes(): Uint8Array {
    return (this.#bytes ?? Buffer.alloc(0)).subarray(0, this.length);
  }

  #larger(bytes: Buffer, length: number): Buffer {
    const doubled = Math.max(2 * bytes.byteLength, LEAST_GROWTH);
    const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(doubled, this.#limit)));
    larger.set(bytes.subarray(0, this.length));
    return larger;
  }
}

/** Returns whether a response is a page for people, such as one that asks to log in. */
const isPage = ({ headers }: ObjectResponse, bytes: Uint8Array) =>
  /^(text\/html|application\/xhtml)/i.test(headers.get('content-type') ?? '') &&
  /^(?:\uFEFF)?\s*(?:<!--|<!doctype html|<html)/i.test(Buffer.from(bytes.subarray(0, 1024)).toString());
