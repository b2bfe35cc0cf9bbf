import { ModelError } from '../errors.js';
import { asFloat32, elementCount, type Tensor } from '../tensor.js';

/** One tensor of a checkpoint that the network uses. */
export interface Parameter {
  readonly shape: readonly number[];
  /** Returns the elements, row-major, as float32 (a view if they are float32 already). */
  readonly read: () => Float32Array;
}

/** The tensors of a checkpoint, taken one by one under timm's names. */
export interface Weights {
  /** @throws ModelError if it is missing, has another shape or is not floating-point */
  take(name: string, shape: readonly number[]): Parameter;
  /** Takes BatchNorm's training counter `num_batches_tracked`, which some checkpoints lack. */
  takeCounter(name: string): void;
  /** Returns the shape of a tensor of the checkpoint; undefined if there is none of this name. */
  shapeOf(name: string): readonly number[] | undefined;
  /** The shapes of all tensors taken so far, by name, in the order taken. */
  readonly taken: ReadonlyMap<string, readonly number[]>;
}

/**
 * Returns weights of zeros for any name and shape that a network requests, to examine a network without a
 * checkpoint.
 *
 * @param known shapes that a checkpoint would have, such as those of position embeddings
 */
export function blankWeights(known: ReadonlyMap<string, readonly number[]> = new Map()): Weights {
  const taken = new Map<string, readonly number[]>();
  return {
    taken,
    take: (name, shape) => {
      taken.set(name, shape);
      return { shape, read: () => new Float32Array(elementCount(shape)) };
    },
    takeCounter: (name) => taken.set(name, []),
    shapeOf: (name) => known.get(name),
  };
}

const CORRECT = 'Pass the right one with --architecture, or correct the config.json beside the checkpoint.';

const CLASSIFIER = /^head\.(fc|proj)\./;

/** A checkpoint's weights. Missing, misshapen or unused tensors are errors that name them. */
export class CheckpointWeights implements Weights {
  readonly taken = new Map<string, readonly number[]>();
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #where: string;

  /** @param where the checkpoint's path or name, for errors */
  constructor(tensors: ReadonlyMap<string, Tensor>, where: string) {
    this.#tensors = tensors;
    this.#where = where;
  }

  take(name: string, shape: readonly number[]): Parameter {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw this.#error(
        `tensor ${JSON.stringify(name)} is missing; expected shape ${show(shape)}`,
        this.#whatThereIs(name),
      );
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
      throw this.#error(
        `tensor ${JSON.stringify(name)}: expected shape ${show(shape)}, found ${show(tensor.shape)}`,
        CLASSIFIER.test(name)
          ? 'For another number of classes, set num_classes in its config.json.'
          : undefined,
      );
    }
    const toFloat32 = TO_FLOAT32[tensor.dtype];
    if (toFloat32 === undefined) {
      throw this.#error(`tensor ${JSON.stringify(name)}: expected a floating type, found ${tensor.dtype}`);
    }
    this.taken.set(name, shape);
    return { shape, read: () => toFloat32(tensor) };
  }

  takeCounter(name: string): void {
    if (this.#tensors.has(name)) this.taken.set(name, []);
  }

  shapeOf(name: string): readonly number[] | undefined {
    return this.#tensors.get(name)?.shape;
  }

  /** @throws ModelError if there are tensors that the network does not use */
  assertAllTaken(): void {
    const surplus = [...this.#tensors.keys()].filter((name) => !this.taken.has(name));
    const [first] = surplus;
    if (first === undefined) return;
    const shape = show(this.#tensors.get(first)?.shape ?? []);
    const more = surplus.length > 1 ? ` (and ${surplus.length - 1} more)` : '';
    throw this.#error(`tensor ${JSON.stringify(first)} ${shape}${more} has no place in this architecture`);
  }

  /** Returns a hint: a tensor of the same name after a prefix, or else the first few tensors. */
  #whatThereIs(name: string): string {
    const names = [...this.#tensors.keys()];
    const prefixed = names.find((candidate) => candidate.endsWith(`.${name}`));
    if (prefixed !== undefined) {
      return `The checkpoint has ${JSON.stringify(prefixed)}: save it without the prefix ${JSON.stringify(prefixed.slice(0, -name.length))}.`;
    }
    const first = names.slice(0, 3).map((candidate) => JSON.stringify(candidate));
    return `The checkpoint is for another architecture: it begins with ${first.join(', ')}. ${CORRECT}`;
  }

  #error(problem: string, hint = `The checkpoint is for another architecture. ${CORRECT}`): ModelError {
    return new ModelError(`${this.#where}: ${problem}`, { hint });
  }
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

const TO_FLOAT32: Readonly<Partial<Record<Tensor['dtype'], (tensor: Tensor) => Float32Array>>> = {
  float64: ({ data }) => Float32Array.from(new Float64Array(new Uint8Array(data).buffer)),
  float32: ({ data }) => asFloat32(data),
  float16: widenFloat16,
  bfloat16: widenBfloat16,
};

function asUint16(data: Uint8Array): Uint16Array {
  const aligned = data.byteOffset % 2 === 0 ? data : new Uint8Array(data);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function widenFloat16({ shape, data }: Tensor): Float32Array {
  const [table, halves] = [float16Table(), asUint16(data)];
  const result = new Float32Array(elementCount(shape));
  for (let i = 0; i < result.length; i++) result[i] = table[halves[i] as number] as number;
  return result;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16({ data }: Tensor): Float32Array {
  const halves = asUint16(data);
  const result = new Uint32Array(halves.length);
  for (let i = 0; i < result.length; i++) result[i] = (halves[i] as number) << 16;
  return new Float32Array(result.buffer);
}

let table: Float32Array | undefined;

/** Every float16 as float32, indexed by its bits (IEEE 754 binary16). */
function float16Table(): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return table;
}
