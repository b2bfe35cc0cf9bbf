import type { Sharp } from 'sharp';
import type { Preprocessing } from './geometry.js';
import type { Raster, Region } from './raster.js';
import type { Orientation } from './upright.js';

/** What the head of an image file says of it. */
export interface Header {
  readonly width: number; // of the image that is used, upright where its orientation is followed
  readonly height: number;
  readonly format: string; // for people: JPEG, PNG, …
  readonly streamed: boolean; // its decoder passes through it by rows, and holds few of them
}

/** An image whose header has been read, and whose pixels have not. */
export interface Image {
  readonly header: Header;
  /**
   * Decodes a part of the upright image.
   *
   * @param signal stops a decoder of ours; libvips goes on
   * @throws ImageRefusal, or any Error where the data are damaged
   */
  readonly read: (region: Region, signal?: AbortSignal) => Promise<Raster>;
  /** Where libvips can resize it while it decodes: for `near` and `fast`, which read all of it first elsewhere. */
  readonly stream?: ImageStream | undefined;
}

export interface ImageStream {
  readonly open: () => Sharp; // as stored
  readonly orientation: Orientation; // what makes it upright
  readonly format: 'JPEG' | 'WebP' | 'other'; // whose decoder can leave pixels out
}

/** How an image is opened. */
export type OpenSettings = Pick<Preprocessing, 'autoOrient' | 'maxPixels' | 'failOn'>;

/** What opens images of one kind. @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large */
export type Codec = (bytes: Uint8Array, settings: OpenSettings) => Promise<Image>;

/** All of an image. */
export const wholeOf = ({ width, height }: Header): Region => ({ left: 0, top: 0, width, height });
