import { between, type Random } from '../../src/random.js';
import { curve, join } from './shapes.js';

/** SVG elements in currentColor that fill the circle of radius `reach` around the origin, in 1/128 of the image. */
type Texture = (random: Random, reach: number) => string;

/** The classes whose whole image is one pattern. */
export const TEXTURES = {
  checkerboard: (random, reach) => {
    const cell = between(random, 9, 22);
    const size = cell.toFixed(2);
    const squares = grid(cell, reach, (row, column) =>
      (row + column) % 2 === 0
        ? `M${(column * cell).toFixed(2)} ${(row * cell).toFixed(2)}h${size}v${size}h-${size}z`
        : '',
    );
    return `<path d="${squares}" fill="currentColor"/>`;
  },
  dots: (random, reach) => {
    const pitch = between(random, 9, 24);
    const radius = (pitch * between(random, 0.27, 0.38)).toFixed(2);
    const circles = grid(
      pitch,
      reach,
      (row, column) =>
        `<circle cx="${(column * pitch).toFixed(2)}" cy="${(row * pitch).toFixed(2)}" r="${radius}"/>`,
    );
    return `<g fill="currentColor">${circles}</g>`;
  },
  stripes: (random, reach) => {
    const pitch = between(random, 7, 24);
    const straight = `M${-reach} 0H${reach}`;
    return repeated(straight, pitch, pitch * between(random, 0.35, 0.6), reach);
  },
  waves: (random, reach) => {
    const [pitch, wavelength] = [between(random, 16, 30), between(random, 40, 64)];
    const amplitude = wavelength * between(random, 0.1, 0.16);
    const line = curve(Math.ceil((reach * 24) / wavelength), (u) => {
      const x = (2 * u - 1) * reach;
      return [x, amplitude * Math.sin((x / wavelength) * 2 * Math.PI)];
    });
    return repeated(`M${join(line)}`, pitch, pitch * between(random, 0.35, 0.6), reach);
  },
  zigzag: (random, reach) => {
    const pitch = between(random, 10, 20);
    const [tooth, amplitude] = [pitch * between(random, 1.3, 1.7), pitch * between(random, 0.25, 0.4)];
    const half = tooth / 2;
    const teeth = Math.ceil(reach / half);
    const line = curve(2 * teeth, (u) => {
      const tip = Math.round((2 * u - 1) * teeth);
      return [tip * half, tip % 2 === 0 ? amplitude : -amplitude];
    });
    return repeated(`M${join(line)}`, pitch, pitch * between(random, 0.35, 0.55), reach);
  },
} satisfies Record<string, Texture>;

/** What `cell` draws for every row and column of a grid over the circle of radius `reach`. */
function grid(pitch: number, reach: number, cell: (row: number, column: number) => string): string {
  const last = Math.ceil(reach / pitch);
  const indices = Array.from({ length: 2 * last + 1 }, (_, i) => i - last);
  return indices.map((row) => indices.map((column) => cell(row, column)).join('')).join('');
}

/** One line, repeated below itself. */
function repeated(path: string, pitch: number, width: number, reach: number): string {
  const last = Math.ceil(reach / pitch) + 1;
  const lines = Array.from({ length: 2 * last + 1 }, (_, i) => {
    const y = ((i - last) * pitch).toFixed(2);
    return `<path d="${path}" transform="translate(0 ${y})"/>`;
  });
  return `<g fill="none" stroke="currentColor" stroke-width="${width.toFixed(2)}">${lines.join('')}</g>`;
}
