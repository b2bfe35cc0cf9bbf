import type { Readable } from 'node:stream';
import type { FileIdentity } from '../../file-identity.js';
import { TransientFailure } from '../../http/transient-failure.js';
import { ImageRefusal } from '../../refusal.js';
import type { Attempts } from '../attempts.js';
import { digest } from '../http-identity.js';
import type { Patience } from '../patience.js';
import { s3ObjectPlace, s3Place } from './address.js';
import { connectS3, type S3Connection, type S3Settings } from './connection.js';
import { CHANGED, notS3, s3Failure } from './failures.js';

/** An object as it was at a time. */
export interface S3Version {
  readonly identity: FileIdentity;
  readonly etag: string;
}

/** A part of an object: the offsets of its first byte, and of the byte after its last. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** A page of a listing. */
export interface Page {
  readonly objects: readonly { readonly key: string; readonly identity: FileIdentity }[];
  readonly next: string | undefined; // the token of the next page
}

/**
 * Makes requests to S3, with as many attempts as they need. The first one loads AWS's SDK, and finds the credentials. All throw
 * ImageRefusal, or the signal's reason on abort.
 */
export class S3Requests {
  readonly #settings: S3Settings;
  readonly #attempts: Attempts;
  #connection: Promise<S3Connection> | undefined;

  constructor(settings: S3Settings, attempts: Attempts) {
    this.#settings = settings;
    this.#attempts = attempts;
  }

  async head(address: string): Promise<S3Version> {
    const { bucket: Bucket, key: Key } = s3ObjectPlace(address);
    const { ContentLength, ETag } = await this.#attempts.run((patience) =>
      this.#send(patience, ({ sdk, client }, options) =>
        client.send(new sdk.HeadObjectCommand({ Bucket, Key }), options),
      ),
    );
    return versionOf(ContentLength, ETag);
  }

  /** Requests an object. The caller has to read the body, or to discard it. */
  async get(address: string, patience: Patience): Promise<S3Version & { readonly body: Readable }> {
    const { bucket: Bucket, key: Key } = s3ObjectPlace(address);
    const { ContentLength, ETag, Body } = await this.#attempts.run(
      () =>
        this.#send(patience, ({ sdk, client }, options) =>
          client.send(new sdk.GetObjectCommand({ Bucket, Key }), options),
        ),
      { patience },
    );
    const body = Body as Readable;
    try {
      return { ...versionOf(ContentLength, ETag), body };
    } catch (error) {
      discard(body);
      throw error;
    }
  }

  /**
   * Reads a part of a version of an object. A transfer that breaks off continues where it stopped.
   *
   * @param begun the body of a request for it, if there was one already
   */
  async read(
    address: string,
    part: Part,
    version: S3Version,
    { begun, patience }: { readonly begun?: Readable; readonly patience: Patience },
  ): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(part.end - part.start);
    let length = 0;
    let body = begun;
    const attempt = async () => {
      const rest = { start: part.start + length, end: part.end };
      const chunks = body ?? (await this.#part(address, rest, version, patience));
      body = undefined;
      for await (const chunk of this.#chunks(chunks, patience)) {
        if (length + chunk.byteLength > bytes.byteLength) throw notS3();
        bytes.set(chunk, length);
        length += chunk.byteLength;
      }
      if (length < bytes.byteLength) throw new TransientFailure('the connection ended early');
    };
    await this.#attempts.run(attempt, { patience, progress: () => length });
    return bytes;
  }

  async #part(
    address: string,
    { start, end }: Part,
    { etag }: S3Version,
    patience: Patience,
  ): Promise<Readable> {
    const { bucket: Bucket, key: Key } = s3ObjectPlace(address);
    const Range = `bytes=${start}-${end - 1}`;
    const condition = etag.startsWith('W/') ? {} : { IfMatch: etag }; // a weak one matches nothing
    const { ContentRange, ETag, Body } = await this.#send(patience, ({ sdk, client }, options) =>
      client.send(new sdk.GetObjectCommand({ Bucket, Key, Range, ...condition }), options),
    );
    const body = Body as Readable;
    if (ETag === etag && ContentRange?.startsWith(`bytes ${start}-`)) return body;
    discard(body);
    throw new ImageRefusal(
      'read_failed',
      ETag === etag ? 'the server does not send parts of objects' : CHANGED, // few other servers have If-Match
    );
  }

  async *#chunks(body: Readable, patience: Patience): AsyncGenerator<Buffer> {
    const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        patience.check();
        const { done, value } = await patience.during(chunks.next());
        if (done) return;
        this.#attempts.counted.bytes += value.byteLength;
        yield value;
      }
    } catch (error) {
      throw this.#failure(error);
    } finally {
      discard(body);
    }
  }

  /** Lists objects whose keys begin as that of the address, up to 1000 at once, in the order of the UTF-8 bytes of their keys. */
  async list(address: string, token?: string): Promise<Page> {
    const { bucket: Bucket, key: Prefix } = s3Place(address);
    const page = { Bucket, Prefix, ContinuationToken: token };
    const { Contents, EncodingType, NextContinuationToken } = await this.#attempts.run((patience) =>
      this.#send(patience, ({ sdk, client }, options) =>
        // XML cannot hold all characters of keys.
        client.send(new sdk.ListObjectsV2Command({ ...page, EncodingType: 'url' }), options),
      ),
    );
    if (token !== undefined && NextContinuationToken === token) throw notS3(); // it would never end
    const objects = (Contents ?? []).map(({ Key = '', Size, ETag }) => ({
      key: EncodingType === 'url' ? decoded(Key) : Key,
      identity: versionOf(Size, ETag).identity,
    }));
    return { objects, next: NextContinuationToken };
  }

  /** Returns the patience with a new object. */
  patience(): Patience {
    return this.#attempts.patience();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }

  async #send<Output>(
    patience: Patience,
    request: (
      connection: S3Connection,
      options: { readonly abortSignal: AbortSignal; readonly requestTimeout: number },
    ) => Promise<Output>,
  ): Promise<Output> {
    const { signal, timing, counted } = this.#attempts;
    patience.check();
    try {
      this.#connection ??= connectS3(this.#settings, () => {
        counted.requests++;
      });
      const connection = await this.#connection;
      const requestTimeout = Math.min(timing.stallMs, patience.left);
      return await patience.during(request(connection, { abortSignal: signal, requestTimeout }));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): ImageRefusal | TransientFailure {
    this.#attempts.signal.throwIfAborted();
    return s3Failure(error);
  }
}

/** Gives up the rest of a body. undici takes that for an error, which nobody would catch. */
export const discard = (body: Readable): void => {
  body.on('error', () => {}).destroy();
};

function versionOf(bytes: number | undefined, etag: string | undefined): S3Version {
  if (bytes === undefined || etag === undefined) throw notS3();
  return { identity: { bytes, modified: digest(etag) }, etag };
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw notS3();
  }
}
