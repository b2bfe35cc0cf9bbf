// src/remote/s3/: objects in buckets of S3, through AWS's SDK

import type { InputError } from '../../errors.js';
import type { FileIdentity } from '../../file-identity.js';
import type { OpenItem } from '../../item.js';
import { expectImageSize, ImageRefusal } from '../../refusal.js';
import type { Attempts } from '../attempts.js';
import type { ListedObject, Listing, ObjectRanges, Store } from '../store.js';
import { isS3Address, isS3Prefix, s3Address, s3Place } from './address.js';
import type { S3Settings } from './connection.js';
import { S3Mistakes } from './mistakes.js';
import { discard, S3Requests } from './requests.js';

/** Buckets of S3, and of servers with its interface. */
export class S3Store implements Store {
  readonly name = 'S3';
  readonly takes = isS3Address;
  readonly listing: Listing = {
    isPrefix: isS3Prefix,
    objects: (prefix) => this.#list(prefix),
  };
  readonly #requests: S3Requests;
  readonly #mistakes: S3Mistakes;

  constructor(settings: S3Settings, attempts: Attempts) {
    this.#requests = new S3Requests(settings, attempts);
    this.#mistakes = new S3Mistakes(this.#requests, settings.s3?.anonymous ?? false);
  }

  async identify(address: string): Promise<FileIdentity | undefined> {
    try {
      return (await this.#requests.head(address)).identity;
    } catch (error) {
      if (error instanceof ImageRefusal) return undefined;
      throw error;
    }
  }

  async open(address: string): Promise<OpenItem> {
    const patience = this.#requests.patience();
    const { body, ...version } = await this.#requests.get(address, patience);
    const { identity } = version;
    return {
      identity,
      read: async (limit, take) => {
        try {
          expectImageSize('the object', identity.bytes, limit);
          await take?.(identity.bytes);
          const all = { start: 0, end: identity.bytes };
          return await this.#requests.read(address, all, version, { begun: body, patience });
        } finally {
          discard(body);
        }
      },
    };
  }

  async openRanges(address: string): Promise<ObjectRanges> {
    const version = await this.#requests.head(address);
    const { bytes } = version.identity;
    return {
      identity: version.identity,
      read: async (position, length) => {
        const part = { start: position, end: Math.min(position + length, bytes) };
        if (part.start >= part.end) return Buffer.alloc(0);
        return this.#requests.read(address, part, version, { patience: this.#requests.patience() });
      },
    };
  }

  /** @throws ImageRefusal invalid_name */
  check(address: string): void {
    s3Place(address);
  }

  mistake(address: string): Promise<InputError | undefined> {
    return this.#mistakes.of(address);
  }

  /**
   * Yields the objects under a prefix, in the order of the UTF-8 bytes of their keys: those whose keys begin with that of the
   * address, except for the empty ones by which some programs mark folders.
   *
   * @throws ImageRefusal if they cannot be listed
   */
  async *#list(address: string): AsyncGenerator<ListedObject> {
    const { bucket } = s3Place(address);
    let token: string | undefined;
    do {
      const { objects, next } = await this.#requests.list(address, token);
      for (const { key, identity } of objects)
        if (!key.endsWith('/') || identity.bytes > 0) yield { address: s3Address({ bucket, key }), identity };
      token = next;
    } while (token !== undefined);
  }

  close(): Promise<void> {
    return this.#requests.close();
  }
}
