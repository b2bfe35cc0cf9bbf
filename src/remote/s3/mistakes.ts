import { extname } from 'node:path/posix';
import { type ImageFailure, InputError } from '../../errors.js';
import { ImageRefusal } from '../../refusal.js';
import { isS3Prefix, s3Place } from './address.js';
import { NO_BUCKET } from './failures.js';
import { discard, type S3Requests } from './requests.js';

/** Finds addresses on a command line that can only be mistakes. It makes one request for many addresses of a bucket. */
export class S3Mistakes {
  readonly #requests: S3Requests;
  readonly #isAnonymous: boolean;
  readonly #asked = new Set<string>(); // buckets that answered, with a slash if by a listing

  /** @param isAnonymous whether requests have no signature */
  constructor(requests: S3Requests, isAnonymous: boolean) {
    this.#requests = requests;
    this.#isAnonymous = isAnonymous;
  }

  /** As {@link Store.mistake}; also returns the error for a missing object whose address lacks the slash of a prefix. */
  async of(address: string): Promise<InputError | undefined> {
    const isPrefix = isS3Prefix(address);
    const isLikeFolder = !isPrefix && extname(address) === '';
    const bucket = `${bucketOf(address)}${isPrefix ? '/' : ''}`;
    if (this.#asked.has(bucket) && !isLikeFolder) return undefined;
    const failure = await failureOf(isPrefix ? this.#requests.list(address) : this.#get(address));
    if (failure !== undefined && !isOfObject(failure)) return this.#errorFor(address, failure);
    this.#asked.add(bucket);
    return failure !== undefined && isLikeFolder ? this.#lackOfSlash(address) : undefined;
  }

  /** Asks for an object: unlike HEAD, this tells whether it is the object or the bucket that does not exist. */
  async #get(address: string): Promise<void> {
    const { body } = await this.#requests.get(address, this.#requests.patience());
    discard(body);
  }

  async #lackOfSlash(address: string): Promise<InputError | undefined> {
    const prefix = `${address}/`;
    const page = await this.#requests.list(prefix).catch(() => undefined); // without a listing, it is a missing object
    if (page === undefined || page.objects.length === 0) return undefined;
    return new InputError(`there is no object ${address}, but there are objects below ${prefix}`, {
      hint: `For the images among them, end the address with a slash: ${prefix}`,
    });
  }

  #errorFor(address: string, { code, message }: ImageFailure): InputError | undefined {
    const hint = this.#hints[code];
    return hint === undefined ? undefined : new InputError(`${address} cannot be read: ${message}`, { hint });
  }

  get #hints(): Readonly<Partial<Record<ImageFailure['code'], string>>> {
    return {
      not_found: 'Check its spelling. For another server than that of AWS, pass --s3-endpoint.',
      permission: this.#isAnonymous
        ? 'The bucket is not public: leave out --s3-anonymous, so that credentials are used.'
        : 'Configure credentials as for the AWS CLI, such as AWS_PROFILE. For a public bucket, pass --s3-anonymous.',
      network: 'Check the network, and the server that --s3-endpoint, AWS_ENDPOINT_URL or the profile names.',
      unsupported_format: 'Inputs on this machine need no such package.',
    };
  }
}

/** Returns whether only one object fails. */
const isOfObject = ({ code, message }: ImageFailure) => code === 'not_found' && message !== NO_BUCKET;

const bucketOf = (address: string) => {
  try {
    return s3Place(address).bucket;
  } catch {
    return ''; // it may be a pattern
  }
};

async function failureOf(work: Promise<unknown>): Promise<ImageFailure | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof ImageRefusal) return error.failure;
    throw error;
  }
}
