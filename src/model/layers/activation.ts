import { float } from '../graph-builder.js';
import type { Net } from './net.js';

/** Adds an activation after the value `x`; returns the new value's name. */
export type Activation = (net: Net, x: string, name: string) => string;

const relu: Activation = (net, x, name) => net.graph.add(`${name}.relu`, 'Relu', [x]);

// One fused pass over the map; Sigmoid and Mul would make two.
const silu: Activation = (net, x, name) =>
  net.graph.addMicrosoft(`${name}.silu`, 'QuickGelu', [x], { alpha: float(1) });

/** Activations by the names that timm's `act_layer` takes. */
export const ACTIVATIONS: Readonly<Record<string, Activation>> = { relu, silu, swish: silu };
