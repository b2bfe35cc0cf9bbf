import { between, mulberry32, type Random } from '../../src/random.js';
import { type Palette, palette } from './colours.js';
import { SHAPES, type Shape } from './shapes.js';
import { TEXTURES } from './textures.js';

/** What can be drawn: the demo model's classes, in the order of its logits. */
export const CLASS_NAMES = [
  'arrow',
  'checkerboard',
  'circle',
  'crescent',
  'cross',
  'dots',
  'heart',
  'pentagon',
  'ring',
  'spiral',
  'square',
  'star',
  'stripes',
  'triangle',
  'waves',
  'zigzag',
] as const satisfies readonly (keyof typeof SHAPES | keyof typeof TEXTURES)[];

export type ClassName = (typeof CLASS_NAMES)[number];

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  readonly className: ClassName;
  readonly seed: number;
  readonly svg: string;
}

const UNITS = 128; // lengths are in 1/128 of the image's shorter side
const MARGIN = 4;
const TILT = 40; // degrees either way

/**
 * Draws one image as an SVG document: random colours, place, size and rotation for a shape; random colours, scale
 * and direction for a texture, which fills the frame. A shape lies entirely inside the centred square of the image,
 * so that a centre crop keeps it.
 *
 * @param random determines everything that varies; the same numbers give the same document
 */
export function drawSvg(
  className: ClassName,
  random: Random,
  { width, height }: Size = { width: UNITS, height: UNITS },
): string {
  const scale = Math.min(width, height) / UNITS;
  const colours = palette(random);
  const reach = Math.hypot(width, height) / scale / 2;
  const figure = isTexture(className) ? texture(className, random, reach) : shape(className, random);
  const centre = `translate(${width / 2} ${height / 2}) scale(${scale})`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" color="${colours.ink}">`,
    background(random, colours),
    `<g transform="${centre}">${figure}</g>`,
    '</svg>\n',
  ].join('\n');
}

/**
 * `perClass` drawings of each class, class by class, 128×128. Each has its own seed, which does not depend on
 * how many are requested.
 */
export function drawings(perClass: number): readonly Drawing[] {
  return CLASS_NAMES.flatMap((className, index) =>
    Array.from({ length: perClass }, (_, i) => {
      const seed = 10_000 * (index + 1) + i;
      return { className, seed, svg: drawSvg(className, mulberry32(seed)) };
    }),
  );
}

function isTexture(className: ClassName): className is keyof typeof TEXTURES {
  return Object.hasOwn(TEXTURES, className);
}

function background(random: Random, { paper, shade }: Palette): string {
  if (random() < 0.5) return `<rect width="100%" height="100%" fill="${paper}"/>`;
  const direction = random() < 0.5 ? 'x2="1" y2="0"' : 'x2="0" y2="1"';
  const stops = `<stop stop-color="${paper}"/><stop offset="1" stop-color="${shade}"/>`;
  const gradient = `<linearGradient id="paper" x1="0" y1="0" ${direction}>${stops}</linearGradient>`;
  return `<defs>${gradient}</defs>\n<rect width="100%" height="100%" fill="url(#paper)"/>`;
}

function texture(className: keyof typeof TEXTURES, random: Random, reach: number): string {
  const angle = between(random, 0, 180);
  // The pattern is shifted as a whole, so it reaches further to cover the image.
  const [x, y] = [between(random, 0, 24), between(random, 0, 24)];
  const marks = TEXTURES[className](random, reach + 48);
  return `<g transform="rotate(${angle.toFixed(1)}) translate(${x.toFixed(1)} ${y.toFixed(1)})">${marks}</g>`;
}

function shape(className: keyof typeof SHAPES, random: Random): string {
  const { path, stroke }: Shape = SHAPES[className](random);
  const radius = between(random, 26, 46);
  const room = UNITS / 2 - MARGIN - radius;
  const [x, y] = [between(random, -room, room), between(random, -room, room)];
  const place = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${between(random, -TILT, TILT).toFixed(1)})`;
  const paint =
    stroke === undefined
      ? 'fill="currentColor"'
      : `fill="none" stroke="currentColor" stroke-width="${stroke.toFixed(3)}" stroke-linecap="round"`;
  return `<path transform="${place} scale(${radius.toFixed(1)})" d="${path}" ${paint}/>`;
}
