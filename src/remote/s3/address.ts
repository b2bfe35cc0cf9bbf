import { ImageRefusal } from '../../refusal.js';

const SCHEME = /^s3:\/\//i;

/** Where an object is, or objects are. */
export interface S3Place {
  readonly bucket: string;
  readonly key: string; // as stored: it is not percent-encoded
}

// Old buckets may have capital letters and underscores, and up to 255 characters.
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,254}$/i;

/** Returns whether a text is an address in S3: `s3://bucket/key`. */
export const isS3Address = (text: string): boolean => SCHEME.test(text);

/** Returns whether an address names all objects under a prefix: it has no key, or one that ends in a slash. */
export const isS3Prefix = (address: string): boolean => /^s3:\/\/[^/]+\/?$|\/$/i.test(address);

/** Returns the address of an object, as the AWS CLI writes it. */
export const s3Address = ({ bucket, key }: S3Place): string => `s3://${bucket}/${key}`;

/**
 * Returns the bucket and the key of an address. The key may be empty, or a prefix.
 *
 * @throws ImageRefusal invalid_name
 */
export function s3Place(address: string): S3Place {
  const [bucket = '', ...key] = address.replace(SCHEME, '').split('/');
  if (!BUCKET.test(bucket)) throw new ImageRefusal('invalid_name', 'the address names no bucket');
  if (/\p{Surrogate}/u.test(address)) throw new ImageRefusal('invalid_name', 'the key is not valid Unicode');
  return { bucket, key: key.join('/') };
}

/**
 * Returns the bucket and the key of the address of one object.
 *
 * @throws ImageRefusal invalid_name
 */
export function s3ObjectPlace(address: string): S3Place {
  const place = s3Place(address);
  if (place.key === '') throw new ImageRefusal('invalid_name', 'the address names no object in the bucket');
  return place;
}
