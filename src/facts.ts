/** The facts about an image that rows can have, and their types in formats with types. */
export const FACT_TYPES = {
  width: 'int32', // of the whole image, in pixels, before any resize or crop; upright if its orientation is applied
  height: 'int32',
  bytes: 'int64', // of the encoded image
  sha256: 'text', // of these bytes, in hexadecimal
  format: 'label', // of the content, in lower case: jpeg, png, …
} as const;

export type FactName = keyof typeof FACT_TYPES;

/** Facts about an image, by name. Those that were not asked for, or could not be found out, are left out. */
export interface Facts {
  readonly width?: number;
  readonly height?: number;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly format?: string;
}

export const isFactName = (name: string): name is FactName => Object.hasOwn(FACT_TYPES, name);
