import { between, type Random } from '../../src/random.js';

/** sRGB, 0..255 each. */
type Rgb = readonly [number, number, number];

export interface Palette {
  readonly ink: string; // what the shape or the texture's marks are drawn in
  readonly paper: string; // the background
  readonly shade: string; // a neighbour of the paper, for gradients
}

// Distances in sRGB, where black and white are 441 apart.
const CONTRAST = 140;
const SHADE = 35;

/** Random colours: some grey, most not, ink and paper always far enough apart to be distinguished. */
export function palette(random: Random): Palette {
  const grey = random() < 0.15;
  const paper = colour(random, grey);
  const shift = between(random, -SHADE, SHADE);
  const shade: Rgb = [clamp(paper[0] + shift), clamp(paper[1] + shift), clamp(paper[2] + shift)];
  let ink = colour(random, grey);
  while (Math.min(distance(ink, paper), distance(ink, shade)) < CONTRAST) ink = colour(random, grey);
  return { ink: css(ink), paper: css(paper), shade: css(shade) };
}

function colour(random: Random, grey: boolean): Rgb {
  const channel = () => Math.floor(between(random, 0, 256));
  if (!grey) return [channel(), channel(), channel()];
  const level = channel();
  return [level, level, level];
}

function clamp(channel: number): number {
  return Math.round(Math.min(255, Math.max(0, channel)));
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function css(colour: Rgb): string {
  return `rgb(${colour.join(',')})`;
}
