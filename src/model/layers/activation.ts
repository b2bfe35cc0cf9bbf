import { float } from '../graph-builder.js';
import type { Net } from './net.js';

/**
 * Adds an activation after the value `x`; returns the new value's name.
 *
 * @param prefix the activation's own place in the network, such as `stages.0.0.act`, which prefixes its nodes and
 *   weights
 */
export type Activation = (net: Net, x: string, prefix: string) => string;

/** Returns an activation that is a single operator. */
const operator =
  (op: string, attributes: Readonly<Record<string, number>> = {}): Activation =>
  ({ graph }, x, prefix) =>
    graph.add(
      prefix,
      op,
      [x],
      Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, float(value)])),
    );

// One fused pass for x · sigmoid(alpha · x); Sigmoid and Mul would take two.
const quickGelu =
  (alpha: number): Activation =>
  ({ graph }, x, prefix) =>
    graph.addMicrosoft(prefix, 'QuickGelu', [x], { alpha: float(alpha) });

const clip =
  (min: number, max: number): Activation =>
  ({ graph }, x, prefix) =>
    graph.add(prefix, 'Clip', [x, graph.scalar(`${prefix}.min`, min), graph.scalar(`${prefix}.max`, max)]);

/** Adds 0.5 · x · (1 + f(x)) in the form that ONNX Runtime's GELU fusion expects. */
const gelu =
  (inner: (net: Net, x: string, prefix: string) => string): Activation =>
  (net, x, prefix) => {
    const { graph } = net;
    const one = graph.scalar(`${prefix}.one`, 1);
    const sum = graph.add(`${prefix}.sum`, 'Add', [inner(net, x, prefix), one]);
    const product = graph.add(`${prefix}.product`, 'Mul', [x, sum]);
    return graph.add(prefix, 'Mul', [product, graph.scalar(`${prefix}.half`, 0.5)]);
  };

const geluErf = gelu(({ graph }, x, prefix) => {
  const scaled = graph.add(`${prefix}.scaled`, 'Div', [x, graph.scalar(`${prefix}.sqrt2`, Math.SQRT2)]);
  return graph.add(`${prefix}.erf`, 'Erf', [scaled]);
});

// tanh(√(2 / π) · (x + 0.044715 x³)), https://arxiv.org/abs/1606.08415
const geluTanh = gelu(({ graph }, x, prefix) => {
  const cubed = graph.add(`${prefix}.cubed`, 'Pow', [x, graph.scalar(`${prefix}.three`, 3)]);
  const bent = graph.add(`${prefix}.bent`, 'Mul', [cubed, graph.scalar(`${prefix}.bend`, 0.044715)]);
  const sum = graph.add(`${prefix}.inner`, 'Add', [x, bent]);
  const factor = graph.scalar(`${prefix}.factor`, Math.sqrt(2 / Math.PI));
  return graph.add(`${prefix}.tanh`, 'Tanh', [graph.add(`${prefix}.scaled`, 'Mul', [sum, factor])]);
});

// https://arxiv.org/abs/1908.08681
const mish: Activation = ({ graph }, x, prefix) => {
  const softplus = graph.add(`${prefix}.softplus`, 'Softplus', [x]);
  return graph.add(prefix, 'Mul', [x, graph.add(`${prefix}.tanh`, 'Tanh', [softplus])]);
};

const hardMish: Activation = (net, x, prefix) => {
  const { graph } = net;
  const shifted = graph.add(`${prefix}.shifted`, 'Add', [x, graph.scalar(`${prefix}.two`, 2)]);
  const gate = clip(0, 2)(net, shifted, `${prefix}.gate`);
  const gated = graph.add(`${prefix}.gated`, 'Mul', [x, gate]);
  return graph.add(prefix, 'Mul', [gated, graph.scalar(`${prefix}.half`, 0.5)]);
};

const prelu: Activation = ({ graph, weights }, x, prefix) => {
  const slope = weights.take(`${prefix}.weight`, [1]);
  return graph.add(prefix, 'PRelu', [x, graph.floats(`${prefix}.weight`, [1], slope.read)]);
};

const silu = quickGelu(1);
const hardSigmoid = operator('HardSigmoid', { alpha: 1 / 6, beta: 0.5 });
const hardSwish = operator('HardSwish');

export const relu = operator('Relu');

/** Activations by their names in timm's `act_layer` (timm/layers/create_act.py). */
export const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu,
  silu,
  swish: silu,
  mish,
  relu6: clip(0, 6),
  leaky_relu: operator('LeakyRelu', { alpha: 0.01 }),
  elu: operator('Elu', { alpha: 1 }),
  celu: operator('Elu', { alpha: 1 }), // CELU with alpha 1 is ELU
  selu: operator('Selu'),
  prelu,
  gelu: geluErf,
  gelu_tanh: geluTanh,
  quick_gelu: quickGelu(1.702),
  sigmoid: operator('Sigmoid'),
  tanh: operator('Tanh'),
  hard_sigmoid: hardSigmoid,
  hardsigmoid: hardSigmoid,
  hard_swish: hardSwish,
  hardswish: hardSwish,
  hard_mish: hardMish,
  identity: (_, x) => x,
};
