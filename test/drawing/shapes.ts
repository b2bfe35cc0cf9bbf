import { between, type Random } from '../../src/random.js';

/** An SVG path around the origin, at most 1 away from it, y downwards; filled, or stroked if `stroke` is given. */
export interface Shape {
  readonly path: string;
  readonly stroke?: number; // line width, in the path's unit
}

type Point = readonly [number, number];

const SQUARE_CORNER = Math.SQRT1_2;

/** The classes that show one object on a background, each with a function that makes a variant at unit size. */
export const SHAPES = {
  arrow: (random) => {
    const [wing, shaft] = [between(random, 0.5, 0.65), between(random, 0.17, 0.24)];
    const neck = between(random, -0.25, 0);
    return polygon([
      [0, -1],
      [wing, neck],
      [shaft, neck],
      [shaft, 0.95],
      [-shaft, 0.95],
      [-shaft, neck],
      [-wing, neck],
    ]);
  },
  circle: () => ({ path: circle(1) }),
  // The part of the unit disc that another disc leaves uncovered, with the tips up.
  crescent: (random) => {
    const [offset, radius] = [between(random, 0.3, 0.5), between(random, 0.8, 0.95)];
    const tipY = -(offset ** 2 + 1 - radius ** 2) / (2 * offset);
    const tipX = Math.sqrt(1 - tipY ** 2);
    const large = tipY < -offset ? 1 : 0;
    return {
      path: `M${-tipX} ${tipY}A1 1 0 1 0 ${tipX} ${tipY}A${radius} ${radius} 0 ${large} 1 ${-tipX} ${tipY}Z`,
    };
  },
  cross: (random) => {
    const [arm, half] = [0.95, between(random, 0.17, 0.3)];
    return polygon([
      [-half, -arm],
      [half, -arm],
      [half, -half],
      [arm, -half],
      [arm, half],
      [half, half],
      [half, arm],
      [-half, arm],
      [-half, half],
      [-arm, half],
      [-arm, -half],
      [-half, -half],
    ]);
  },
  // The usual parametric heart, which is 32 wide.
  heart: () =>
    polygon(
      curve(64, (u) => {
        const t = u * 2 * Math.PI;
        const y = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t);
        return [(16 * Math.sin(t) ** 3) / 17, -(y + 2) / 17];
      }),
    ),
  pentagon: () => polygon(corners(5, () => 1)),
  ring: (random) => {
    const stroke = between(random, 0.1, 0.22);
    return { path: circle(1 - stroke / 2), stroke };
  },
  spiral: (random) => {
    const [turns, stroke] = [between(random, 2.3, 3.2), between(random, 0.06, 0.09)];
    const hand = random() < 0.5 ? -1 : 1;
    const line = curve(160, (u) => {
      const angle = hand * u * turns * 2 * Math.PI;
      return [u * (1 - stroke) * Math.cos(angle), u * (1 - stroke) * Math.sin(angle)];
    });
    return { path: `M${join(line)}`, stroke };
  },
  square: () =>
    polygon([
      [-SQUARE_CORNER, -SQUARE_CORNER],
      [SQUARE_CORNER, -SQUARE_CORNER],
      [SQUARE_CORNER, SQUARE_CORNER],
      [-SQUARE_CORNER, SQUARE_CORNER],
    ]),
  star: (random) => {
    const waist = between(random, 0.38, 0.46);
    return polygon(corners(10, (i) => (i % 2 === 0 ? 1 : waist)));
  },
  triangle: () => polygon(corners(3, () => 1)),
} satisfies Record<string, (random: Random) => Shape>;

/** Points at equal angles around the origin, clockwise from the top. */
function corners(count: number, radius: (index: number) => number): readonly Point[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = (i / count) * 2 * Math.PI;
    return [radius(i) * Math.sin(angle), -radius(i) * Math.cos(angle)];
  });
}

/** Points of a curve over u in 0..1. */
export function curve(segments: number, at: (u: number) => Point): readonly Point[] {
  return Array.from({ length: segments + 1 }, (_, i) => at(i / segments));
}

function polygon(points: readonly Point[]): Shape {
  return { path: `M${join(points)}Z` };
}

function circle(radius: number): string {
  return `M${-radius} 0A${radius} ${radius} 0 0 1 ${radius} 0A${radius} ${radius} 0 0 1 ${-radius} 0Z`;
}

/** Points as SVG path coordinates. */
export function join(points: readonly Point[]): string {
  return points.map(([x, y]) => `${x.toFixed(3)} ${y.toFixed(3)}`).join(' ');
}
