import type { Sharp } from 'sharp';
import type { Preprocessing } from './geometry.js';
import type { Raster, Region } from './raster.js';
import type { Orientation } from './upright.js';

/** The header of an image file. */
export interface Header {
  readonly width: number; // of the image used, upright if its orientation is applied
  readonly height: number;
  readonly format: string; // for messages: JPEG, PNG, …
  readonly streamed: boolean; // its decoder works row by row, and holds few rows
}

/** An image whose header has been read, but not its pixels. */
export interface Image {
  readonly header: Header;
  /**
   * Decodes a part of the upright image.
   *
   * @param signal stops our own decoders; libvips continues
   * @throws ImageRefusal, or any Error when the data are damaged
   */
  readonly read: (region: Region, signal?: AbortSignal) => Promise<Raster>;
  /** Set if libvips can resize the image while it decodes, for `near` and `fast`; otherwise these read all of it first. */
  readonly stream?: ImageStream | undefined;
}

export interface ImageStream {
  readonly open: () => Sharp; // as stored
  readonly orientation: Orientation; // turns it upright
  readonly format: 'JPEG' | 'WebP' | 'other'; // JPEG and WebP decoders can leave pixels out
}

/** The settings for opening an image. */
export type OpenSettings = Pick<Preprocessing, 'autoOrient' | 'maxPixels' | 'failOn'>;

/** Opens images of one kind. @throws ImageRefusal unsupported_format, decode_failed, truncated or too_large */
export type Codec = (bytes: Uint8Array, settings: OpenSettings) => Promise<Image>;

/** Returns the region that covers a whole image. */
export const wholeOf = ({ width, height }: Header): Region => ({ left: 0, top: 0, width, height });
