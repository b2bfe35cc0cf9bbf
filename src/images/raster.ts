/** Pixels in memory: HWC RGB, 0..255. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array; // height * width * 3
}

/** A rectangle of an image, in pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}
