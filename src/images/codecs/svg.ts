import type { Codec } from '../image.js';
import { openWithLibvips } from '../libvips-image.js';

/** An SVG, on white as in a browser. @throws as every `Codec` */
export const svg: Codec = (bytes, settings) => openWithLibvips(bytes, settings, { background: '#fff' });
