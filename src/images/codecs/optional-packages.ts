import type { OptionalPackage } from '../../optional-package.js';

export const HEIC_DECODE: OptionalPackage = {
  purpose: 'HEIC',
  name: 'heic-decode',
  entry: 'heic-decode',
};

export const OPENJPEG: OptionalPackage = {
  purpose: 'JPEG 2000',
  name: '@cornerstonejs/codec-openjpeg',
  entry: '@cornerstonejs/codec-openjpeg/decodewasmjs',
};

export const OPTIONAL_PACKAGES: readonly OptionalPackage[] = [OPENJPEG, HEIC_DECODE];
