// src/images/: the bytes of an item to uint8 RGB pixels, as timm's transform computes them

import type { Crop } from '../crop.js';
import type { ImageFailure } from '../errors.js';
import type { Facts } from '../facts.js';
import type { FileIdentity } from '../file-identity.js';
import type { FoundItem, OpenItem } from '../item.js';
import { ImageRefusal } from '../refusal.js';
import { rethrowShortage } from '../shortage.js';
import { byteLimit } from './byte-limit.js';
import { croppedImage } from './crop.js';
import { exactPixels } from './exact.js';
import { type Preprocessing, planResize, type ResizePlan } from './geometry.js';
import type { Header } from './image.js';
import type { ImageFacts } from './image-facts.js';
import { isLaboriousFile, isLaboriousImage } from './laborious.js';
import { nearPixels } from './near.js';
import { openImage } from './open-image.js';
import { sniffFormat } from './sniff.js';
import { endsEarly } from './truncation.js';

/** An image in the form the network takes, or the reason why there is none. */
export type DecodedImage =
  | {
      readonly status: 'ok';
      readonly pixels: Uint8Array; // HWC RGB, 0..255: [height, width, 3]
      readonly file?: FileIdentity | undefined; // as it was before reading
      readonly facts?: Facts | undefined; // those that were asked for
    }
  | {
      readonly status: 'failed';
      readonly failure: ImageFailure;
      readonly file?: FileIdentity | undefined; // undefined: it could not be opened, or is not a file
      readonly facts?: Facts | undefined; // those that were asked for, as far as they are known
    };

export interface DecodeOptions {
  readonly onOpen?: (file: FileIdentity) => void; // called with the opened file before it is read
  readonly leaveLaborious?: boolean; // skip images that may take very long or need a lot of memory
  readonly signal?: AbortSignal; // aborted once nobody waits for the image
  readonly facts?: ImageFacts | undefined; // collects facts about the image
}

/** An item that can be decoded. */
export type Openable = Pick<FoundItem, 'open' | 'crop'>;

/**
 * Decodes an item as timm's evaluation transform does: Pillow's `convert('RGB')` (no colour management, alpha dropped), then
 * the resize and crop of `planResize`. Uses the first frame of an animation and the first page of a TIFF. An item with a crop of its own
 * gives what that part would as an image.
 *
 * Returns a failure for a bad image instead of throwing. As in Pillow, a truncated file fails; a damaged file that decodes to
 * the end does not.
 *
 * @throws ShortageError when the system has no file descriptor, thread or process left
 */
export async function decodeImage(item: Openable, preprocessing: Preprocessing): Promise<DecodedImage>;
/** @returns undefined for an image that was skipped */
export async function decodeImage(
  item: Openable,
  preprocessing: Preprocessing,
  options: DecodeOptions,
): Promise<DecodedImage | undefined>;
export async function decodeImage(
  item: Openable,
  preprocessing: Preprocessing,
  options: DecodeOptions = {},
): Promise<DecodedImage | undefined> {
  const image = await decodeOpened(item, preprocessing, options);
  return image && withFacts(image, options.facts);
}

/** Adds the facts that were collected about an image. */
export async function withFacts(image: DecodedImage, facts: ImageFacts | undefined): Promise<DecodedImage> {
  return facts === undefined ? image : { ...image, facts: await facts.settled() };
}

async function decodeOpened(
  item: Openable,
  preprocessing: Preprocessing,
  options: DecodeOptions,
): Promise<DecodedImage | undefined> {
  let opened: OpenItem | undefined;
  try {
    opened = await item.open();
    options.onOpen?.(opened.identity);
    // Read the whole file once: header and pixels come from the same bytes, and libvips never sees a path (it looks for options
    // in a name that ends in `]`).
    const bytes = await opened.read(byteLimit(preprocessing));
    const pixels = await decodeBytes(bytes, item.crop, preprocessing, options);
    return pixels && { status: 'ok', pixels, file: opened.identity };
  } catch (error) {
    if (error instanceof ImageRefusal) options.facts?.learn(error.known);
    return { status: 'failed', failure: failureOf(error), file: opened?.identity };
  }
}

async function decodeBytes(
  bytes: Uint8Array,
  crop: Crop | undefined,
  preprocessing: Preprocessing,
  { leaveLaborious = false, signal, facts }: DecodeOptions,
): Promise<Uint8Array | undefined> {
  try {
    if (leaveLaborious && isLaboriousFile(bytes)) return undefined;
    await facts?.read(bytes);
    const whole = await openImage(bytes, preprocessing);
    facts?.opened(whole.header);
    const image = crop === undefined ? whole : croppedImage(whole, crop);
    const { decode } = preprocessing;
    const held = crop === undefined ? decode : 'exact'; // a crop is held in memory
    if (leaveLaborious && isLaboriousImage(whole.header, held)) return undefined;
    const plan = planResize(image.header, preprocessing);
    const pixels =
      decode === 'exact' ? exactPixels(image, plan, signal) : nearPixels(image, plan, decode, signal);
    return pad(await pixels.catch(refuseDamaged(image.header)), plan, preprocessing);
  } catch (error) {
    if (error instanceof ImageRefusal && error.failure.code === 'decode_failed' && endsEarly(bytes))
      throw new ImageRefusal('truncated', `the ${sniffFormat(bytes)?.name} file ends early`, error.known);
    throw error;
  }
}

const DAMAGE: Readonly<Record<string, string>> = { SVG: 'the SVG is not well-formed or cannot be drawn' };

/** Words the error without libvips' message: images decoded in parallel share its log and see each other's errors. */
const refuseDamaged =
  ({ format }: Header) =>
  (error: unknown): never => {
    rethrowShortage(error);
    if (error instanceof ImageRefusal) throw error;
    throw new ImageRefusal('decode_failed', DAMAGE[format] ?? `the ${format} data is damaged`);
  };

function failureOf(error: unknown): ImageFailure {
  if (error instanceof ImageRefusal) return error.failure;
  rethrowShortage(error);
  // Any other error of a decoder concerns this image only: it goes into the image's row, and the run continues.
  const [reason = ''] = String(error).split('\n');
  return { code: 'decode_failed', message: `cannot be decoded (${reason})` };
}

/** Places the kept pixels in an output of `height` x `width`, padded with the plan's fill. */
function pad(
  kept: Uint8Array,
  { horizontal, vertical, fill }: ResizePlan,
  { height, width }: Preprocessing,
): Uint8Array {
  if (horizontal.count === width && vertical.count === height) return kept;
  const output = Buffer.alloc(height * width * 3, Uint8Array.from(fill)); // repeats the fill
  const row = horizontal.count * 3;
  for (let y = 0; y < vertical.count; y++) {
    output.set(kept.subarray(y * row, (y + 1) * row), ((vertical.at + y) * width + horizontal.at) * 3);
  }
  return output;
}
